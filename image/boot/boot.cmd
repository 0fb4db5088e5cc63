# SPDX-License-Identifier: GPL-3.0-or-later
# U-Boot: start a slot. Which one is in slots.env, with RAUC's names: BOOT_ORDER, and for each slot BOOT_x_LEFT,
# which is "good", or how many more times it may be tried. Only a try is written down, so a phone that has no
# update pending writes nothing. Linux writes the copy before the file itself: whichever a power cut tears, the other is whole.
# A slot whose files cannot be read, or whose try cannot be counted, is passed over.

setenv base 0
if test "${board}" = "qemu-arm"; then setenv base 0x40000000; fi
setexpr scratch ${base} + 0x03f00000
setexpr kernel ${base} + 0x04000000
setexpr initrd ${base} + 0x0c000000
setexpr kernel_comp_addr_r ${base} + 0x12000000
setenv kernel_comp_size 0x4000000
setenv first ${devtype} ${devnum}:${distro_bootpart}

setenv BOOT_ORDER "A B"
setenv BOOT_A_LEFT good
setenv BOOT_B_LEFT good
setenv names BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
setenv known
for file in slots.env slots.bak; do
  if test -z "${known}"; then
    if load ${first} ${scratch} ${file}; then
      if env import -c ${scratch} ${filesize} ${names}; then setenv known ${file}; fi
    fi
  fi
done

# PM, the block with the watchdog: BCM2711 has its peripherals elsewhere. board_rev is the type in the Pi's revision code.
setenv pm
if test -n "${board_rev}"; then setenv pm 0x3f1000; fi
if test "${board_rev}" = "0x11" || test "${board_rev}" = "0x13" || test "${board_rev}" = "0x14"; then setenv pm 0xfe1000; fi

# For whoever looks for a fault, and for tests: kernel arguments, and no watchdog where it is not real.
setenv extraargs
setenv watchdog
if load ${first} ${scratch} boot-options.txt; then env import -t ${scratch} ${filesize} extraargs watchdog; fi

for slot in ${BOOT_ORDER} A B; do
  if test "${slot}" = "B"; then setenv part 3; setenv left ${BOOT_B_LEFT}; else setenv part 2; setenv left ${BOOT_A_LEFT}; fi
  setenv go
  if test "${left}" = "good"; then
    setenv go as-ever
  elif test ${left} -gt 0; then
    setexpr BOOT_${slot}_LEFT ${left} - 1
    env export -c -s 0x1000 ${scratch} ${names}
    if fatwrite ${first} ${scratch} slots.env 0x1000; then setenv go on-trial; fi
  fi
  if test -n "${go}"; then
    echo "Callsheet: slot ${slot} ${go} (order ${BOOT_ORDER}, A ${BOOT_A_LEFT}, B ${BOOT_B_LEFT}, from ${known})"
    if load ${devtype} ${devnum}:${part} ${kernel} /boot/vmlinuz; then
      if load ${devtype} ${devnum}:${part} ${initrd} /boot/initrd.img; then
        setenv initrd_size ${filesize}
        part uuid ${devtype} ${devnum}:${part} partuuid
        setenv bootargs "root=PARTUUID=${partuuid} ro rauc.slot=${slot} panic=10 quiet console=tty1 ${extraargs}"
        # The watchdog bites in 16 s unless a kernel that lives takes it over. No data sheet has the registers;
        # they are PM_WDOG and PM_RSTC as bcm2835_wdt of Linux writes them.
        if test "${go}" = "on-trial" && test "${watchdog}" != "off" && test -n "${pm}"; then
          mw.l ${pm}24 0x5a0fffff
          mw.l ${pm}1c 0x5a000020
        fi
        booti ${kernel} ${initrd}:${initrd_size} ${fdt_addr}
      fi
    fi
    echo "Callsheet: slot ${slot} cannot be started"
  fi
done
echo "Callsheet: no slot can be started; the card needs to be written anew"
sleep 10
reset
