#!/bin/sh
# Runs each fuzzer for some seconds, from the seeds that the project has and what earlier runs
# found. A finding stays in build/fuzz/NAME.crash-…; fails if there was one. The last line counts.
#
#   fuzz.sh BUILD SECONDS [JOBS [WORD]]
#
# JOBS of them at once (1); those with WORD in their name alone.

set -u
build=$1
seconds=$2
jobs=${3:-1}
only=${4:-}

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
    fuzz_form)
        printf '%s' 'email=ana%40example.com&name=Ana+Mar%C3%ADa&a+b=%FF&%FF=1&pass=x' >"$2"/answers
        printf '%s' 'name=4111+1111-1111%201111&email=4222222222222' >"$2"/cards
        ;;
    fuzz_token)
        printf '\001application/x-www-form-urlencoded\000action=save&channel=email&channel=sms' >"$2"/form
        printf '\001multipart/form-data; boundary="xy"\000--xy\r\nContent-Disposition: form-data; name="action"\r\n\r\nleave\r\n--xy--\r\n' >"$2"/parts
        printf '\002<p>\001t\001E<input\001e>\001E</p>' >"$2"/page
        ;;
    fuzz_query) printf '/s%%20x\000q=rojo+azul&page=2&utm_source=mail&secret=1&utm_id=%%F1' >"$2"/search ;;
    fuzz_rules) printf '\000/zapatos/12-rojo.html?color=1' >"$2"/sound ;;
    esac
}

# One fuzzer: its line goes to NAME.out, and NAME.failed stays if it found something.
run() {
    name=$(basename "$1")
    corpus=$build/corpus/$name
    mkdir -p "$corpus"
    seeds "$name" "$corpus"
    : >"$build/$name.failed"
    if ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$build/$name." "$corpus" >"$build/$name.log" 2>&1
    then
        rm "$build/$name.failed"
        sed -n "s/^stat::number_of_executed_units: */$name, $seconds s: inputs /p" "$build/$name.log"
    else
        echo "$name, $seconds s: FAILED, $build/$name.log:"
        grep -vE '^#[0-9]+[[:space:]]' "$build/$name.log" | tail -n 30 | sed 's/^/    /'
    fi >"$build/$name.out"
    cat "$build/$name.out"
}

rm -f "$build"/fuzz_*.failed
started=0
for fuzzer in "$build"/tests/fuzz_*"$only"*; do
    [ -x "$fuzzer" ] || continue
    run "$fuzzer" &
    started=$((started + 1))
    [ $((started % jobs)) -ne 0 ] || wait
done
wait
failed=$(find "$build" -maxdepth 1 -name 'fuzz_*.failed' | wc -l)
echo "$((started - failed)) passed, $failed failed"
[ "$failed" = 0 ]
