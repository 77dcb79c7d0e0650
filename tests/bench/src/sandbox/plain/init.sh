#!/busybox sh
# The first process of the plain machine: modules, file systems, then what comes over the console.
/busybox mount -t devtmpfs none /dev
while read -r module; do /busybox insmod "/modules/$module"; done < /modules/order
/busybox mount -t squashfs -o ro /dev/vda /root
/busybox mount -t devtmpfs none /root/dev
/busybox mount -t proc none /root/proc
/busybox mount -t sysfs none /root/sys
/busybox mount -t tmpfs none /root/tmp
# As QEMU's manual has it, with the largest messages that this way takes. Without a cache, which is the default: what the
# host writes shows at once, as it does in our folders.
/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /root/mnt
/busybox cp /console /root/tmp/console
exec /busybox switch_root /root /bin/sh /tmp/console
