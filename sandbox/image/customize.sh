#!/bin/sh
# Run by mmdebstrap once the packages are in: $1 is the root of the system, the environment names the rest.
#   RECIPE   this folder      WHEELS   a folder of unpacked Python libraries, or nothing      OUT   where lists go
set -eu
root=$1

# The kernel that Debian makes for virtual machines, by the package that always names the newest.
architecture=$(dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat '${Architecture}' dpkg)
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
kernel=$(apt-cache depends "linux-image-cloud-$architecture" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
(cd "$OUT" && apt-get --quiet --quiet download "$kernel")
unset APT_CONFIG

# The exact packages of this build, before their records go.
{
    dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat '${Package} ${Version} ${Architecture}\n'
    dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}\n' "$OUT"/linux-image-*.deb
} | LC_ALL=C sort > "$OUT/packages"

if [ -n "${WHEELS:-}" ]; then
    site=$(echo "$root"/usr/local/lib/python3.*/dist-packages)
    if [ ! -d "$site" ]; then
        version=$(basename "$(echo "$root"/usr/lib/python3.[0-9]*)")
        site="$root/usr/local/lib/$version/dist-packages"
        mkdir -p "$site"
    fi
    cp -a "$WHEELS/." "$site/"
fi

# Compiled once here, since the system is read-only and every start would compile again.
if [ -x "$root/usr/bin/python3" ]; then
    chroot "$root" python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        /usr/lib/python3 /usr/local/lib > /dev/null 2>&1 || true
    [ ! -e "$root/usr/bin/python" ] && ln -s python3 "$root/usr/bin/python"
fi
# The cache of fonts, for the same reason.
[ -x "$root/usr/bin/fc-cache" ] && chroot "$root" fc-cache --system-only > /dev/null 2>&1 || true

# Without a name in the list, the session's user would have none.
mkdir -p "$root/home/user" "$root/session" "$root/mnt" "$root/base" "$root/office" "$root/system"
cat > "$root/etc/hosts" <<HOSTS
127.0.0.1 localhost sandbox
::1 localhost
HOSTS
: > "$root/etc/resolv.conf"
rm -f "$root/etc/hostname" "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"

sed -e 's/#.*//' -e 's/[[:space:]]*$//' "$RECIPE/prune.txt" | while read -r path; do
    [ -n "$path" ] || continue
    # Unquoted, so that the patterns are read.
    (cd "$root" && rm -rf -- $path)
done
find "$root/var/cache" "$root/tmp" "$root/var/tmp" -mindepth 1 -maxdepth 1 ! -name fontconfig -exec rm -rf {} +
# Nothing sets a user, whatever a package brought.
find "$root" -xdev -type f -perm /6000 -exec chmod a-s {} +
