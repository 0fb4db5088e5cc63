#!/bin/busybox sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The first root: finds the read-only system, lays memory over it, and hands over.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
read -r up _ </proc/uptime
for module in /modules/*; do insmod "$module"; done
until [ -b /dev/vdb ]; do usleep 10000; done
mkdir -p /system /over /root
mount -t ext4 -o ro /dev/vda /system
mount -t tmpfs tmpfs /over
mkdir -p /over/upper /over/work
mount -t overlay -o lowerdir=/system,upperdir=/over/upper,workdir=/over/work overlay /root
mount -t ext4 -o ro /dev/vdb /root/vm
[ ! -b /dev/vdc ] || mount -t ext4 /dev/vdc /root/data
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
export INITRD="$up"
exec switch_root /root /usr/bin/python3.13 -I -S /vm/guest/init.py
