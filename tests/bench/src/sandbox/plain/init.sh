#!/busybox sh
# The first process of the plain machine: modules, file systems, then what comes over the console.
/busybox mount -t devtmpfs none /dev
while read -r module; do /busybox insmod "/modules/$module"; done < /modules/order
/busybox mount -t squashfs -o ro /dev/vda /newroot
/busybox mount -t devtmpfs none /newroot/dev
/busybox mount -t proc none /newroot/proc
/busybox mount -t sysfs none /newroot/sys
/busybox mount -t tmpfs none /newroot/tmp
# As QEMU's manual has it, with the largest messages that this way takes. Without a cache, which is the default: what the
# host writes shows at once, as it does in our folders.
/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /newroot/mnt
/busybox cp /console /newroot/tmp/console
exec /busybox switch_root /newroot /bin/sh /tmp/console
