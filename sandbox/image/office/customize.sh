#!/bin/sh
# Run by mmdebstrap once the packages of base and layer are in: $1 is the root of the system, the environment names the rest.
#   RECIPE   the folder of the image's recipe      BASE   the base, as squashfs      OUT   where the layer and its list go
set -eu
root=$1

# The exact packages, before their records go.
dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat '${Package} ${Version} ${Architecture}\n' \
    | LC_ALL=C sort > "$OUT/packages"

# Settings of the whole system, which a user's cannot change.
cp "$RECIPE/office/deskhand.xcd" "$root/etc/libreoffice/registry/deskhand.xcd"
# It asks the list of users where a person's settings are, and a session's user is not in it.
sed -i 's|^UserInstallation=.*|UserInstallation=file://$HOME/.config/libreoffice/4|' "$root/usr/lib/libreoffice/program/bootstraprc"
grep -q '^UserInstallation=file://\$HOME/' "$root/usr/lib/libreoffice/program/bootstraprc"

cat "$RECIPE/prune.txt" "$RECIPE/office/prune.txt" | sed -e 's/#.*//' -e 's/[[:space:]]*$//' | while read -r path; do
    [ -n "$path" ] || continue
    # Unquoted, so that the patterns are read.
    (cd "$root" && rm -rf -- $path)
done

# The cache of fonts holds the times of their folders, and the layer has one time for all.
find "$root/usr/share/fonts" "$root/usr/share/fonts-droid-fallback" -exec touch --no-dereference --date=@0 {} +
chroot "$root" fc-cache --system-only --force > /dev/null
# Nothing sets a user, whatever a package brought.
find "$root" -xdev -type f -perm /6000 -exec chmod a-s {} +

# The layer is what the base does not have, of the folders that programs read. Names in Debian's packages hold no line ends.
unsquashfs -quiet -no-progress -no-xattrs -dest "$OUT/base" "$BASE" > /dev/null
content() {
    (
        cd "$1"
        for place in usr etc/alternatives etc/fonts etc/ld.so.cache etc/libreoffice var/cache/fontconfig; do
            [ -e "$place" ] || continue
            find "$place" -xdev -type f -exec sha256sum {} +
            find "$place" -xdev -type l -printf 'a link to %l  %p\n'
        done
    ) | LC_ALL=C sort
}
content "$OUT/base" > "$OUT/has"
content "$root" > "$OUT/would-have"
LC_ALL=C comm -13 "$OUT/has" "$OUT/would-have" | sed 's/^.*  //' | LC_ALL=C sort > "$OUT/new"
# With the folders that lead there, whose owners and rights they have from their packages.
awk -F/ '{ path = ""; for (part = 1; part < NF; part++) { path = path $part; if (!(path in seen)) { seen[path]; print path } path = path "/" } print }' \
    "$OUT/new" > "$OUT/paths"
tar --create --file="$OUT/office.tar" --directory="$root" --numeric-owner --no-recursion --verbatim-files-from --files-from="$OUT/paths"
