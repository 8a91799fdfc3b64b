#!/bin/sh
# Installs the Debian packages that are missing, through sudo when not root, saying which and why.
#
#   setup.sh WHAT...            install what WHAT needs: build, test, demo, check, fault, asan, nginx-tests, fuzz, bench
#   setup.sh --missing WHAT...  install nothing: fail, naming what is missing
#
# Asks nobody anything, downloads nothing but Debian packages, leaves no service running or
# enabled, and does nothing at all when everything is there.

set -eu

# what: package: why
packages() {
    cat <<'LIST'
build gcc: compiles the module and the program
build libc6-dev: the C library's headers
build pkg-config: finds the libraries
build nginx: the web server that Senda lives in
build nginx-dev: its headers and build system, for the module
build liblmdb-dev: LMDB, the stores
build libmsgpack-dev: msgpack-c, the records
build libcurl4-openssl-dev: libcurl, SMTP and HTTPS
build libgmime-3.0-dev: GMime and GLib, mail and time zones
build libssl-dev: OpenSSL, cookies and seals
build libjansson-dev: jansson, JSON in and out
build libcsv-dev: libcsv, contacts out of CSV files
build tzdata: the time zones that rule files name
demo curl: plays the shoppers
demo perl: runs the demo
test libcmocka-dev: cmocka, the unit tests
test perl: runs the tests of the whole
test curl: requests pages in the tests
test python3-aiosmtpd: an SMTP server that tests send to
test chromium: a browser without JavaScript looks at the demo
test libgraphviz-dev: graphviz, the layout of the drawings that tests look at
test openssl: makes the certificate of a shop with TLS
test procps: ps, for the tests of processes
check clang: the second compiler
check clang-tidy: finds mistakes
check clang-format: checks the style
check cppcheck: finds mistakes
check libcmocka-dev: cmocka, the unit tests
check perl: checks the rules of the house
fault valgrind: looks for leaks
asan dpkg-dev: unpacks nginx's source
asan libpcre2-dev: PCRE2, which nginx is built with
asan zlib1g-dev: zlib, the same
nginx-tests libio-socket-ssl-perl: TLS in nginx's own tests
nginx-tests libnginx-mod-http-geoip: Debian's nginx has it, so its tests load it
nginx-tests libnginx-mod-http-image-filter: the same
nginx-tests libnginx-mod-http-perl: the same
nginx-tests libnginx-mod-http-xslt-filter: the same
nginx-tests libnginx-mod-mail: the same
nginx-tests libnginx-mod-stream: the same
nginx-tests libnginx-mod-stream-geoip: the same
fuzz clang: compiles the fuzzers
fuzz libclang-rt-14-dev: libFuzzer and the sanitizers
bench wrk: the load
bench libpcre2-dev: PCRE2, beside which matching is measured
bench perl: runs the benchmark
bench libnginx-mod-http-lua: Lua in nginx, which Senda is measured beside
bench redis-server: Redis, which Lua writes to there
LIST
}

only_say=
if [ "${1:-}" = --missing ]; then
    only_say=1
    shift
fi

# Another system than Debian brings its packages itself; the compiler will say what it lacks.
command -v dpkg-query >/dev/null 2>&1 || exit 0

installed() {
    case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in
    *installed*) case $(dpkg-query -W -f '${db:Status-Status}' "$1") in
        *not-installed*) return 1 ;;
        esac ;;
    *) return 1 ;;
    esac
}

missing=
said=
for what in "$@"; do
    names=$(packages | sed -n "s/^$what \([^:]*\):.*/\1/p")
    [ -n "$names" ] || { echo "setup.sh: there is nothing called $what" >&2; exit 2; }
    for name in $names; do
        case " $missing " in *" $name "*) continue ;; esac
        installed "$name" && continue
        missing="$missing $name"
        said="$said
  $name: $(packages | sed -n "s/^$what $name: //p")"
    done
done
missing=${missing# }
[ -n "$missing" ] || exit 0

if [ -n "$only_say" ]; then
    echo "Packages are missing (\`make setup\` installs them):$said" >&2
    exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Packages are missing, and there is no sudo to install them with. As root:" >&2
        echo "  apt-get install --no-install-recommends $missing" >&2
        exit 1
    }
    as_root=sudo
fi

echo "Installing Debian packages${as_root:+ through sudo}:$said"

# nginx's package starts its service when it is installed, and so does Redis's. A policy that
# forbids it stands for the time of the installation; one that the machine has already is put back.
policy=/usr/sbin/policy-rc.d
fresh=
put_back=
restore() {
    [ -n "$put_back" ] || return 0
    $as_root rm -f $policy
    [ ! -e $policy.senda-kept ] || $as_root mv $policy.senda-kept $policy
    put_back=
}
for service in nginx redis-server; do
    case " $missing " in *" $service "*) fresh="$fresh $service" ;; esac
done
if [ -n "$fresh" ]; then
    trap restore EXIT
    trap 'exit 1' INT TERM HUP
    put_back=1
    [ ! -e $policy ] || $as_root mv $policy $policy.senda-kept
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi

log=$(mktemp)
apt() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >"$log" 2>&1 </dev/null || {
        tail -n 30 "$log" >&2
        rm -f "$log"
        echo "setup.sh: apt-get $1 failed" >&2
        exit 1
    }
}
apt update
# shellcheck disable=SC2086
apt install --no-install-recommends $missing
rm -f "$log"

restore
# The demo, the tests and the benchmark start their own; a packaged service is its owner's to turn on.
for service in $fresh; do
    $as_root update-rc.d "$service" disable >/dev/null 2>&1 || true
    echo "$service's service is neither started nor enabled (systemctl enable --now $service does it)."
done
