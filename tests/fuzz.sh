#!/bin/sh
# Runs each fuzzer for some seconds, from the seeds that the project has. A finding stays in
# build/fuzz/NAME.crash-…; fails if there was one.
#
#   fuzz.sh BUILD SECONDS

set -u
build=$1
seconds=$2
failed=0

seeds() {
    case $1 in
    fuzz_language)
        cp conf/demo/rules/*.senda "$2"/
        find tests t "${SENDA_SHARED:-../shared}/examples" -name '*.senda' 2>/dev/null |
            while read -r f; do cp "$f" "$2/$(echo "$f" | tr / _)"; done
        ;;
    fuzz_access_log)
        printf '%s' '10.0.0.1 - - [01/Jun/2026:10:00:00 +0200] "GET /tacon?a=1%20b&c HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11)"' >"$2"/line
        printf '%s' 'https://www.shop.example.com/a%2fb/?q=rojo+azul&x' >"$2"/address
        ;;
    fuzz_headers)
        printf '%s' 'email=ana%40example.com&name=Ana+Mar%C3%ADa&phone=600&consent=email,sms' >"$2"/contact
        printf '%s' 'purchase; order=1234; total=59.90; currency=EUR; items=red-heels:1:59.90' >"$2"/event
        ;;
    fuzz_rules) printf '\000/zapatos/12-rojo.html?color=1' >"$2"/sound ;;
    esac
}

for fuzzer in "$build"/tests/fuzz_*; do
    [ -x "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    corpus=$build/corpus/$name
    mkdir -p "$corpus"
    seeds "$name" "$corpus"
    echo "$name, $seconds s"
    ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$build/$name." "$corpus" >"$build/$name.log" 2>&1 || {
        failed=$((failed + 1))
        echo "  FAILED, $build/$name.log:"
        grep -vE '^#[0-9]+[[:space:]]' "$build/$name.log" | tail -n 30 | sed 's/^/    /'
        continue
    }
    grep -E 'stat::number_of_executed_units' "$build/$name.log" | sed 's/.*: */  inputs: /'
done
[ "$failed" = 0 ]
