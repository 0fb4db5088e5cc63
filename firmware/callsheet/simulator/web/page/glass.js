// SPDX-License-Identifier: GPL-3.0-or-later
// The display: one canvas pixel for each pixel of the phone's frame.

const LIT = [223, 243, 255, 255];

export class Glass {
  constructor(canvas, frame) {
    this.canvas = canvas;
    this.frame = frame;
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.fit()).observe(frame);
    // Zooming changes how many device pixels there are, but not always the layout.
    addEventListener("resize", () => this.fit());
  }

  resize({ width, height }) {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.fit();
  }

  /** As large as fits with every pixel a whole number of device pixels. */
  fit() {
    const { width, height } = this.canvas;
    const ratio = devicePixelRatio || 1;
    const scale = Math.max(1, Math.floor((this.frame.clientWidth * ratio) / width));
    const pixel = scale / ratio;
    this.frame.style.setProperty("--glass-width", `${width * pixel}px`);
    this.frame.style.setProperty("--glass-height", `${height * pixel}px`);
    this.frame.style.setProperty("--pixel", `${pixel}px`);
    this.frame.style.setProperty("--hair", scale > 2 ? `${1 / ratio}px` : "0px");
  }

  show(bits) {
    const { width, height } = this.canvas;
    if (bits.length * 8 !== width * height) return;
    const image = this.context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      if (bits[i >> 3] & (0x80 >> (i & 7))) image.data.set(LIT, i * 4);
    }
    this.context.putImageData(image, 0, 0);
  }

  contrast(level) {
    this.frame.dataset.contrast = level;
  }
}
