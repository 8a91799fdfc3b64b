#!/bin/sh
# Unpacks into DIR the source of the nginx that is installed, with Debian's changes, unless it is
# there already. The list of sources is made from the machine's own, for these commands alone.
#
#   nginx_source.sh DIR

set -eu
dir=$1
[ ! -x "$dir/configure" ] || exit 0

version=$(dpkg-query -W -f '${source:Version}' nginx 2>/dev/null) || {
    echo "nginx_source.sh: nginx is not Debian's here: name its source with NGINX_SOURCE=DIR" >&2
    exit 1
}
mkdir -p "$dir.apt/lists/partial" "$dir.apt/parts"
apt=$(cd "$dir.apt" && pwd)
trap 'rm -rf "$apt"' EXIT

: >"$apt/sources.list"
if [ -e /etc/apt/sources.list ]; then
    sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' /etc/apt/sources.list >"$apt/sources.list"
fi
for file in /etc/apt/sources.list.d/*.sources; do
    grep -q 'debian-archive-keyring\|/debian' "$file" 2>/dev/null || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt/parts/$(basename "$file")"
done
run() {
    "$@" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/parts" \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt" -o APT::Sandbox::User=root 2>>"$apt/log"
}
run apt-get -q -y update >>"$apt/log" || true
# A mirror may lack the newest: then another of the same release will do.
for try in "$version" $(run apt-cache showsrc nginx | sed -n 's/^Version: //p'); do
    [ "${try%%-*}" = "${version%%-*}" ] || continue
    (cd "$apt" && run apt-get -q -y source "nginx=$try" >>"$apt/log") || continue
    rm -rf "$dir"
    mv "$apt"/nginx-*/ "$dir"
    echo "nginx's source: $try"
    exit 0
done
tail -n 10 "$apt/log" >&2
echo "nginx_source.sh: no source of nginx $version can be had: name one with NGINX_SOURCE=DIR" >&2
exit 1
