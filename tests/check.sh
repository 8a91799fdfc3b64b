#!/bin/sh
# `make check`: both compilers, the linters, the style, the rules of the house. Every check runs,
# also after one failed; what a failed one said is shown.

set -u
cd "$(dirname "$0")/.." || exit 2
build=${BUILD:-build}
log=$build/check.log
mkdir -p "$build"
failed=0
done=0
jobs=$(nproc 2>/dev/null || echo 1)

check() {
    name=$1
    shift
    begin=$(date +%s)
    done=$((done + 1))
    if "$@" >"$log" 2>&1; then
        echo "ok      $name ($(($(date +%s) - begin)) s)"
    else
        failed=$((failed + 1))
        echo "FAILED  $name"
        tail -n 200 "$log" | sed 's/^/        /'
    fi
}

every_c() { find core sidecar ngx_module tests -name '*.c' | sort; }
every_ch() { find core sidecar ngx_module tests -name '*.[ch]' | sort; }

# What the compilers say, without the list of what they did.
compile() {
    make -k -j "$jobs" BUILD="$1" CC="$2" all objects tests benches >"$1.out" 2>&1
    status=$?
    grep -vE '^  (cc|ld) |^make(\[|:)' "$1.out"
    return $status
}

compile_fuzzers() {
    for f in tests/fuzz_*.c; do
        [ -e "$f" ] || continue
        # shellcheck disable=SC2046
        clang $own_flags $library_flags -Wall -Wextra -Werror -fsyntax-only "$f" || return 1
    done
}

own_flags="-std=gnu11 -D_GNU_SOURCE -Icore -Isidecar $(find sidecar -mindepth 1 -type d | sed 's/^/-I/' | tr '\n' ' ')-Itests"
library_flags=$(pkg-config --cflags glib-2.0 gmime-3.0 libcurl openssl jansson)
ngx=$build/nginx/src
nginx_flags="-isystem $ngx/src/core -isystem $ngx/src/event -isystem $ngx/src/event/modules
    -isystem $ngx/src/os/unix -isystem $ngx/objs -isystem $ngx/src/http
    -isystem $ngx/src/http/modules -isystem $ngx/src/http/v2"

# Its counts of warnings in headers of others are no news.
tidy() {
    tidy_all | grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter'
    [ ! -e "$build/tidy.failed" ]
}

tidy_all() {
    rm -f "$build/tidy.failed"
    # shellcheck disable=SC2086
    every_c | grep -v '^ngx_module/' | xargs -P "$jobs" -n 1 sh -c \
        'clang-tidy --quiet "$@" -- '"$own_flags $(echo $library_flags)"' 2>&1' tidy || touch "$build/tidy.failed"
    # shellcheck disable=SC2086
    every_c | grep '^ngx_module/' | xargs -r -P "$jobs" -n 1 sh -c \
        'clang-tidy --quiet "$@" -- '"$own_flags $(echo $nginx_flags)"' 2>&1' tidy || touch "$build/tidy.failed"
}

# Left out: what threads would need (there are none), a check that cppcheck itself calls legacy, and
# in tests what it misunderstands of cmocka.
lint() {
    cppcheck --quiet -j "$jobs" --std=c11 --language=c --platform=unix64 --error-exitcode=1 \
        --enable=warning,performance,portability --inline-suppr --library=posix --library=gtk \
        --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
        --suppress=normalCheckLevelMaxBranches --suppress=legacyUninitvar --suppress=readdirCalled \
        --suppress=getgrnamCalled --suppress=getpwnamCalled --suppress=nullPointerRedundantCheck:tests/* \
        --suppress=uninitvar:tests/* --suppress=leakReturnValNotUsed:tests/* \
        --template='{file}:{line}: {severity}: {id}: {message}' \
        -D_GNU_SOURCE -D__linux__ -Icore core sidecar ngx_module tests
}

style() { every_ch | xargs clang-format --dry-run -Werror; }

scripts() {
    status=0
    for f in $(find .ci tests conf -name '*.sh' -o -path './.ci/run'; echo .ci/run); do
        case $(head -n 1 "$f") in
        *bash*) bash -n "$f" || status=1 ;;
        *) sh -n "$f" || status=1 ;;
        esac
    done
    for f in $(find tests t conf -name '*.pl' -o -name '*.pm' -o -name '*.t'); do
        perl -It/lib -c "$f" 2>&1 | grep -v 'syntax OK$' && status=1
    done
    return $status
}

echo "compilers: $(gcc --version | head -n 1); $(clang --version | head -n 1)"
check 'gcc, no warning' compile "$build" gcc
check 'clang, no warning' compile "$build/clang" clang
check 'fuzzers compile' compile_fuzzers
check 'rules of the house' perl tests/check_rules.pl
check 'style (make format mends it)' style
check 'scripts parse' scripts
check 'cppcheck' lint
check 'clang-tidy' tidy
rm -f "$log"
echo
echo "check: $((done - failed)) of $done ok"
[ "$failed" = 0 ]
