# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's Debian: packages unpacked, and what their scripts would have done, done here.

Not one program of the phone's processor is run. Emulating the packages' own scripts takes
ten minutes of the quarter of an hour a usual image takes; what they do to a system that
nobody installs more packages on is users, hardware names, certificates and a few links.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bootstrap import say
from bootstrap.paths import ROOT

from . import crosstree, packages, python, shelf, tooltree

LISTS = ROOT / "image" / "packages"
DROPPED = (
    # Only scripts of packages want these, and no script is run.
    "perl", "perl-modules-5.40", "libperl5.40", "perl-base", "debconf", "libdebconfclient0", "ucf", "dpkg", "tar", "adduser",
    "init-system-helpers", "libtext-charwidth-perl", "libtext-wrapi18n-perl", "runit-helper", "lsb-base", "sensible-utils",
    # The image brings a first root of its own.
    "initramfs-tools", "initramfs-tools-core", "initramfs-tools-bin", "klibc-utils", "libklibc", "dracut-install", "cpio",
    "linux-base",
    # Nobody logs in with a password.
    "passwd", "login.defs", "sysvinit-utils", "dbus-session-bus-common", "gcc-14-base",
)
DRIVERS = ("gpu", "media", "infiniband", "iio", "scsi", "md", "ata", "nvme", "accel", "comedi", "firewire", "isdn", "atm",
           "mtd", "target", "xen", "vfio", "vdpa", "vhost", "staging", "net/ethernet", "net/wireless", "net/can", "net/wan",
           "net/ieee802154", "net/wwan", "net/hamradio", "net/dsa", "net/fddi", "net/arcnet", "net/hyperv")
"""Kernel drivers of what no handset has; KEPT are the exceptions, and what any other driver needs stays too."""
KEPT = ("net/ethernet/broadcom/genet", "net/wireless/broadcom", "net/wireless/virtual", "scsi/sd_mod", "md/dm-")
UNWANTED = ("usr/share/sounds", "usr/share/zoneinfo/right", "usr/lib/python3.13/test", "usr/lib/python3.13/idlelib",
            "usr/lib/python3.13/tkinter", "usr/lib/python3.13/ensurepip", "usr/share/perl", "usr/share/perl5",
            "usr/share/alsa/ucm2", "usr/lib/u-boot/rpi_3", "usr/lib/u-boot/rpi_4", "etc/kernel", "etc/initramfs-tools",
            "usr/share/initramfs-tools", "etc/init.d", "etc/cron.daily", "etc/logrotate.d", "usr/share/pixmaps",
            "usr/share/zsh", "usr/lib/aarch64-linux-gnu/perl-base", "usr/share/polkit-1", "usr/lib/aarch64-linux-gnu/gconv")
USERS = """\
# Numbers that stay: what is on /data belongs to them, whichever version was there first. callsheet itself is 900.
# dhcpcd has no home: it would confine a second process there as root, which it is not (units/callsheet-network.service).
u messagebus 901 "System Message Bus" /nonexistent
u dhcpcd 902 "DHCP client" /nonexistent
u sshd 903 "SSH server" /run/sshd
u systemd-network 904 "systemd Network Management"
u systemd-timesync 905 "systemd Time Synchronization"
g netdev 910
g gpio 911
g i2c 912
g spi 913
g input 914
g kvm 915
g render 916
g sgx 917
g clock 918
g systemd-journal 919
"""
PAM = {
    "common-auth": "auth requisite pam_deny.so\n",
    "common-account": "account required pam_unix.so\n",
    "common-password": "password requisite pam_deny.so\n",
    "common-session": "session required pam_unix.so\n",
    "common-session-noninteractive": "session required pam_unix.so\n",
}
"""What pam-auth-update would have written, but for passwords: nobody has one."""
DATED = {"SOURCE_DATE_EPOCH": "1728000000"}
"""For tools that would write down today: users' passwords were last changed on day 20000."""
LEFT_OUT = tuple(one for one in packages.LEFT_OUT if "/doc/" not in one)
"""Licences stay on the phone: they ask for it."""
EDITION = 4


def wanted() -> list[str]:
    """The packages by name, from image/packages/*.list."""
    lines = (line for path in sorted(LISTS.glob("*.list")) for line in path.read_text().splitlines())
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def debs() -> list[packages.Package]:
    """The packages and all they need on this image. Raises Failed."""
    return [one for one in packages.resolve(wanted(), crosstree.TARGET) if one.name not in DROPPED]


def base(found: list[packages.Package]) -> Path:
    """The folder of the root file system before anything of ours is in it. Raises Failed."""
    facts = {"packages": packages.versions(found), "drivers": DRIVERS, "kept": KEPT, "unwanted": UNWANTED,
             "left_out": LEFT_OUT, "users": USERS, "pam": PAM, "edition": EDITION}

    def make(folder: Path) -> None:
        say.step(f"unpack {len(found)} packages of Debian")
        root = folder / "root"
        root.mkdir()
        packages.unpack(found, root, left_out=LEFT_OUT)
        _boot_files(root, folder / "boot")
        _thin(root)
        _users(root)
        _links(root)
        _certificates(root)
        tooltree.run(["systemd-hwdb", "--root", "/work", "--usr", "update"], log=shelf.log("image"), shown={"/work": root})
        say.step("byte-compile Python")
        python.compile_in(root, "usr/lib/python3.13", "usr/lib/python3")
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000:
                path.chmod(path.stat().st_mode & 0o1777)  # nobody becomes root on a phone

    return shelf.kept("image-base", facts, make)


def _boot_files(root: Path, boot: Path) -> None:
    """What belongs on the boot partition: firmware of the Pi, U-Boot, kernel, device trees."""
    boot.mkdir()
    (root / "usr/lib/raspi-firmware").rename(boot / "firmware")
    shutil.copy(root / "usr/lib/u-boot/rpi_arm64/u-boot.bin", boot)
    (trees,) = (root / "usr/lib").glob("linux-image-*")
    (trees / "broadcom").rename(boot / "broadcom")
    shutil.rmtree(trees)
    shutil.rmtree(root / "usr/lib/u-boot")
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    kernel.rename(boot / "vmlinuz")
    # U-Boot reads a card slowly. No name and no time go in, and the tool is of a known release.
    tooltree.run(["sh", "-c", "gzip -9nc vmlinuz > vmlinuz.gz"], log=shelf.log("image"), shown={"/work": boot})
    shutil.rmtree(root / "boot")


def _thin(root: Path) -> None:
    for name in UNWANTED:
        shutil.rmtree(root / name, ignore_errors=True)
    for path in (root / "usr/share/doc").glob("*/*"):
        if path.name != "copyright":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    _thin_modules(root)


def _thin_modules(root: Path) -> None:
    (modules,) = (root / "usr/lib/modules").iterdir()
    say.run(["depmod", "-b", root, modules.name], log=shelf.log("image"))
    rows = (line.partition(":") for line in (modules / "modules.dep").read_text().splitlines())
    needs = {name: needed.split() for name, _, needed in rows}
    unwanted = tuple(f"kernel/drivers/{name}/" for name in DRIVERS)
    exceptions = tuple(f"kernel/drivers/{name}" for name in KEPT)
    kept = {name for name in needs if not name.startswith(unwanted) or name.startswith(exceptions)}
    kept |= {needed for name in kept for needed in needs[name]}  # modules.dep names the indirect ones too
    for name in needs.keys() - kept:
        (modules / name).unlink()
    say.run(["depmod", "-b", root, modules.name], log=shelf.log("image"))


def _users(root: Path) -> None:
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    # Nobody can log in by password: there is none.
    users = [line.split(":")[0] for line in (root / "etc/passwd").read_text().splitlines()]
    shadow = root / "etc/shadow"
    shadow.write_text("".join(f"{user}:*:20000:0:99999:7:::\n" for user in users))
    shadow.chmod(0o640)
    shutil.chown(shadow, 0, 42)
    # Read before all others, whose names come later.
    (root / "usr/lib/sysusers.d/00-callsheet.conf").write_text(USERS)
    tooltree.run(["systemd-sysusers", "--root", "/work"], log=shelf.log("image"), shown={"/work": root}, env=DATED)


def _links(root: Path) -> None:
    """What update-alternatives and configuration scripts would have linked, and the folders of base-files."""
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "data", "boot/firmware", "var/lib", "var/log", "var/cache", "mnt"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "root").chmod(0o700)
    for link, target in {
        "usr/bin/awk": "mawk", "usr/bin/which": "which.debianutils", "usr/bin/pager": "more", "usr/bin/python3": "python3.13", "etc/localtime": "/usr/share/zoneinfo/UTC",
        "usr/lib/firmware/regulatory.db": "regulatory.db-debian",
        "usr/lib/firmware/regulatory.db.p7s": "regulatory.db.p7s-debian", "etc/mtab": "../proc/self/mounts",
    }.items():
        (root / link).unlink(missing_ok=True)
        (root / link).symlink_to(target)
    for name, text in PAM.items():
        (root / "etc/pam.d" / name).write_text(text)
    for source, target in {"base-files/profile": "profile", "readline/inputrc": "inputrc", "debianutils/shells": "shells"}.items():
        shutil.copy(root / "usr/share" / source, root / "etc" / target)
    (root / "etc/machine-id").touch()  # another one at every start, unless /data has one


def _certificates(root: Path) -> None:
    found = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    folder = root / "etc/ssl/certs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca-certificates.crt").write_text("".join(one.read_text() for one in found))
