// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An I2C bus with a small OLED on it: SSD1306 or SH1106 at 0x3c.
 *
 * The controller is modelled as far as a driver can get it wrong: addressing modes
 * and windows, mirroring, start line, offset, COM layout, inversion, charge pump.
 * `glass` is what an eye would see (1024 bytes: a bit per pixel, row by row, the
 * leftmost pixel in the highest bit), `ram` the display memory as the data sheet
 * numbers it. Transfers take as long as on a wire of `hz`.
 *
 * `plugged` 0 pulls the display off the bus: no acknowledge. Plugged in again it
 * has random memory and its registers after reset, like the real one.
 * `trace`: endless, one 24-byte record per transfer: u64 CLOCK_MONOTONIC ns at its
 * begin, u64 at its end, u32 bytes on the wire, u32 of them display data.
 *
 * Data sheets: Solomon Systech SSD1306 rev 1.1, section 9; Sino Wealth SH1106 v2.3, page 19.
 */
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/random.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#define WIDTH 128
#define HEIGHT 64
#define COLUMNS 132		/* the SH1106 has two more on each side than glass */
#define PAGES 8
#define RECORDS 2048

static int nr = 1;
module_param(nr, int, 0444);
static ushort address = 0x3c;
module_param(address, ushort, 0444);
static char *chip = "ssd1306";
module_param(chip, charp, 0444);
static char *bus = "bcm2835 (i2c@7e804000)";
module_param(bus, charp, 0444);
MODULE_PARM_DESC(bus, "the adapter's name");
static uint hz = 400000;
module_param(hz, uint, 0644);
MODULE_PARM_DESC(hz, "clock of the bus; 0: transfers take no time");

struct record {
	__le64 begin, end;
	__le32 bytes, data;
};

struct oled {
	struct i2c_adapter adapter;
	struct mutex lock;
	bool sh1106, plugged;
	u8 ram[PAGES][COLUMNS];
	/* registers */
	u8 mode, column, page, column_from, column_to, page_from, page_to;
	u8 contrast, start, offset, com_pins, multiplex;
	bool on, inverted, all_on, remapped, flipped, pump;
	/* a command that is not complete yet */
	u8 pending[8], have;
	u64 transfers;
	struct record ring[RECORDS];
};

static void reset(struct oled *o)
{
	get_random_bytes(o->ram, sizeof(o->ram));
	o->mode = 2;
	o->column = o->page = o->column_from = o->page_from = 0;
	o->column_to = WIDTH - 1;
	o->page_to = PAGES - 1;
	o->contrast = o->sh1106 ? 0x80 : 0x7f;
	o->start = o->offset = 0;
	o->com_pins = 0x12;
	o->multiplex = HEIGHT - 1;
	o->on = o->inverted = o->all_on = o->remapped = o->flipped = false;
	o->pump = o->sh1106;	/* its DC-DC converter is on after reset */
	o->have = 0;
}

/* How many bytes follow this command byte. */
static int arguments(const struct oled *o, u8 command)
{
	switch (command) {
	case 0x81: case 0xa8: case 0xd3: case 0xd5: case 0xd9: case 0xda: case 0xdb:
		return 1;
	case 0xad:
		return o->sh1106 ? 1 : 0;
	}
	if (o->sh1106)
		return 0;
	switch (command) {
	case 0x20: case 0x8d:
		return 1;
	case 0x21: case 0x22: case 0xa3:
		return 2;
	case 0x26: case 0x27:
		return 6;
	case 0x29: case 0x2a:
		return 5;
	}
	return 0;
}

/* Commands that are one byte with a value in it. */
static void short_command(struct oled *o, u8 c)
{
	if (c < 0x10)
		o->column = (o->column & 0xf0) | c;
	else if (c < 0x20)
		o->column = (o->column & 0x0f) | (c & 0x0f) << 4;
	else if (c >= 0x40 && c < 0x80)
		o->start = c & 0x3f;
	else if (c == 0xa0 || c == 0xa1)
		o->remapped = c & 1;
	else if (c == 0xa4 || c == 0xa5)
		o->all_on = c & 1;
	else if (c == 0xa6 || c == 0xa7)
		o->inverted = c & 1;
	else if (c == 0xae || c == 0xaf)
		o->on = c & 1;
	else if (c >= 0xb0 && c < 0xb8)
		o->page = c & 7;
	else if (c >= 0xc0 && c < 0xd0)
		o->flipped = c & 8;
}

static void long_command(struct oled *o, const u8 *c)
{
	switch (c[0]) {
	case 0x20:
		o->mode = c[1] & 3;
		break;
	case 0x21:
		o->column = o->column_from = c[1] & 0x7f;
		o->column_to = c[2] & 0x7f;
		break;
	case 0x22:
		o->page = o->page_from = c[1] & 7;
		o->page_to = c[2] & 7;
		break;
	case 0x81:
		o->contrast = c[1];
		break;
	case 0x8d:
		o->pump = c[1] & 4;
		break;
	case 0xad:
		o->pump = c[1] & 1;
		break;
	case 0xa8:
		o->multiplex = c[1] & 0x3f;
		break;
	case 0xd3:
		o->offset = c[1] & 0x3f;
		break;
	case 0xda:
		o->com_pins = c[1];
		break;
	}
}

static void command(struct oled *o, u8 byte)
{
	int wanted;

	o->pending[o->have++] = byte;
	wanted = arguments(o, o->pending[0]);
	if (o->have <= wanted)
		return;
	if (wanted)
		long_command(o, o->pending);
	else
		short_command(o, byte);
	o->have = 0;
}

static void data(struct oled *o, u8 byte)
{
	u8 last = o->sh1106 ? COLUMNS - 1 : o->mode == 2 ? WIDTH - 1 : o->column_to;

	if (o->column < COLUMNS)
		o->ram[o->page][o->column] = byte;
	if (o->mode == 1 && !o->sh1106) {	/* vertical: down the pages first */
		if (o->page++ != o->page_to)
			return;
		o->page = o->page_from;
		o->column = o->column == o->column_to ? o->column_from : o->column + 1;
		return;
	}
	if (o->column++ < last)
		return;
	if (o->sh1106) {
		o->column = last;		/* it stays at the last column */
	} else if (o->mode == 2) {
		o->column = 0;
	} else {
		o->column = o->column_from;
		o->page = o->page == o->page_to ? o->page_from : o->page + 1;
	}
}

/* A message: control bytes say whether commands or data follow (SSD1306, 8.1.5.2). */
static u32 receive(struct oled *o, const struct i2c_msg *m)
{
	u32 shown = 0;
	int i = 0;

	while (i < m->len) {
		u8 control = m->buf[i++];
		bool one = control & 0x80, is_data = control & 0x40;

		while (i < m->len) {
			if (is_data)
				data(o, m->buf[i++]), shown++;
			else
				command(o, m->buf[i++]);
			if (one)
				break;
		}
	}
	return shown;
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *m, int n)
{
	struct oled *o = i2c_get_adapdata(adapter);
	u64 begin = ktime_get_ns();
	u32 bytes = 0, shown = 0;
	int i;

	mutex_lock(&o->lock);
	for (i = 0; i < n; i++) {
		bytes += m[i].len + 1;
		if (m[i].addr != address || !o->plugged) {
			mutex_unlock(&o->lock);
			return -EREMOTEIO;	/* as i2c-bcm2835 calls a missing acknowledge */
		}
	}
	/* Nine clocks per byte, and about one each for start and stop. */
	if (hz)
		fsleep(div_u64((bytes * 9 + n + 1) * 1000000ULL, hz));
	for (i = 0; i < n; i++) {
		if (m[i].flags & I2C_M_RD)
			memset(m[i].buf, o->on ? 0 : 0x40, m[i].len);
		else
			shown += receive(o, &m[i]);
	}
	o->ring[o->transfers++ % RECORDS] = (struct record){
		cpu_to_le64(begin), cpu_to_le64(ktime_get_ns()), cpu_to_le32(bytes), cpu_to_le32(shown) };
	mutex_unlock(&o->lock);
	return n;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .xfer = transfer, .functionality = functionality };

/* What an eye sees at column x, row y of a module mounted the usual way, which is upright with A1 and C8. */
static bool lit(const struct oled *o, int x, int y)
{
	int column, row;
	bool bit;

	if (!o->on || !o->pump)
		return false;
	if (o->all_on)
		return true;
	if (!(o->com_pins & 0x10))	/* sequential COM layout on glass wired alternately */
		y = y < HEIGHT / 2 ? 2 * y : 2 * (y - HEIGHT / 2) + 1;
	if (y > o->multiplex)
		return false;
	column = o->remapped ? x : WIDTH - 1 - x;
	row = o->flipped ? y : HEIGHT - 1 - y;
	row = (row + o->start + o->offset) % HEIGHT;
	bit = o->ram[row / 8][column + (o->sh1106 ? 2 : 0)] >> (row % 8) & 1;
	return bit != o->inverted;
}

static ssize_t glass_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			  char *buf, loff_t off, size_t count)
{
	struct oled *o = dev_get_drvdata(kobj_to_dev(kobj));
	size_t i;
	int bit;

	mutex_lock(&o->lock);
	for (i = 0; i < count; i++) {
		int at = (off + i) * 8;

		buf[i] = 0;
		for (bit = 0; bit < 8; bit++)
			buf[i] |= lit(o, (at + bit) % WIDTH, (at + bit) / WIDTH) << (7 - bit);
	}
	mutex_unlock(&o->lock);
	return count;
}
static BIN_ATTR_RO(glass, WIDTH * HEIGHT / 8);

static ssize_t ram_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *buf, loff_t off, size_t count)
{
	struct oled *o = dev_get_drvdata(kobj_to_dev(kobj));

	mutex_lock(&o->lock);
	memcpy(buf, (u8 *)o->ram + off, count);
	mutex_unlock(&o->lock);
	return count;
}
static BIN_ATTR_RO(ram, PAGES * COLUMNS);

static ssize_t trace_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			  char *buf, loff_t off, size_t count)
{
	struct oled *o = dev_get_drvdata(kobj_to_dev(kobj));
	u64 next = div_u64(off, sizeof(struct record));
	size_t n = 0;

	mutex_lock(&o->lock);
	for (; next < o->transfers && n + sizeof(struct record) <= count; next++) {
		static const struct record lost;

		memcpy(buf + n, next + RECORDS < o->transfers ? &lost : &o->ring[next % RECORDS],
		       sizeof(struct record));
		n += sizeof(struct record);
	}
	mutex_unlock(&o->lock);
	return n;
}
static BIN_ATTR_RO(trace, 0);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct oled *o = dev_get_drvdata(dev);

	return sysfs_emit(buf, "on=%d contrast=%d inverted=%d transfers=%llu\n", o->on && o->pump, o->contrast,
			  o->inverted, o->transfers);
}
static DEVICE_ATTR_RO(state);

static ssize_t plugged_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct oled *o = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", o->plugged);
}

static ssize_t plugged_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct oled *o = dev_get_drvdata(dev);
	bool plugged;
	int error = kstrtobool(buf, &plugged);

	if (error)
		return error;
	mutex_lock(&o->lock);
	if (plugged && !o->plugged)
		reset(o);
	if (!plugged)
		o->on = false;
	o->plugged = plugged;
	mutex_unlock(&o->lock);
	return count;
}
static DEVICE_ATTR_RW(plugged);

static struct attribute *oled_attrs[] = { &dev_attr_state.attr, &dev_attr_plugged.attr, NULL };
static struct bin_attribute *oled_bin_attrs[] = { &bin_attr_glass, &bin_attr_ram, &bin_attr_trace, NULL };
static const struct attribute_group oled_group = { .attrs = oled_attrs, .bin_attrs = oled_bin_attrs };
static const struct attribute_group *oled_groups[] = { &oled_group, NULL };

static int oled_probe(struct platform_device *pdev)
{
	struct oled *o = devm_kzalloc(&pdev->dev, sizeof(*o), GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	mutex_init(&o->lock);
	o->sh1106 = !strcmp(chip, "sh1106");
	o->plugged = true;
	reset(o);
	o->adapter.owner = THIS_MODULE;
	o->adapter.algo = &algorithm;
	o->adapter.dev.parent = &pdev->dev;
	o->adapter.nr = nr;
	strscpy(o->adapter.name, bus, sizeof(o->adapter.name));
	i2c_set_adapdata(&o->adapter, o);
	platform_set_drvdata(pdev, o);
	return i2c_add_numbered_adapter(&o->adapter);
}

static void oled_remove(struct platform_device *pdev)
{
	struct oled *o = platform_get_drvdata(pdev);

	i2c_del_adapter(&o->adapter);
}

static struct platform_driver oled_driver = {
	.probe = oled_probe,
	.remove = oled_remove,
	.driver = { .name = "oled-sim", .dev_groups = oled_groups },
};
static struct platform_device *oled_device;

static int __init oled_init(void)
{
	int error = platform_driver_register(&oled_driver);

	if (error)
		return error;
	oled_device = platform_device_register_simple("oled-sim", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(oled_device)) {
		platform_driver_unregister(&oled_driver);
		return PTR_ERR(oled_device);
	}
	return 0;
}

static void __exit oled_exit(void)
{
	platform_device_unregister(oled_device);
	platform_driver_unregister(&oled_driver);
}

module_init(oled_init);
module_exit(oled_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("An SSD1306 or SH1106 display on a simulated I2C bus");
