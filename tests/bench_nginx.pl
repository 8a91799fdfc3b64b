#!/usr/bin/perl
# `make bench-nginx`: what Senda costs a request, beside bare nginx and beside what others do: a
# buffered access log, `userid`, both, Lua with a shared dictionary, Lua with Redis, a mirror to a
# tracker. Static and proxied pages of 10 KB over connections that stay open.
#
# Three measurements, each of all variants in every round, bare nginx first and last; a ratio is
# against the mean of the two in the same round, medians over the rounds are shown, and how far bare
# nginx is from itself says what of a difference is noise.
#   pinned   one worker on the first processor, everything else on the second; closed loop (wrk)
#   free     two workers, nothing pinned; closed loop
#   open     as pinned, at half of what bare nginx reached: a request is due at its moment whether
#            or not earlier ones are answered, and its latency counts from then (tool_rate)
# CPU time is the workers' own, from /proc/PID/schedstat; the drain's stands beside it. Then what an
# idle drain costs, and a start and a rebuild with many visitors in live/.
#
# Nobody is measured who does not do what is said: at the end the journal of each Senda, and each
# log, must hold a visit or a line for 99.9 % of the requests.
#
#   bench_nginx.pl [--build DIR] [--rounds N] [--seconds N] [--visitors N] [--life] [--only NAME,…]
#                  [--markdown] [--json FILE]
#
# Servers listen on loopback only and end with it. --visitors 0 leaves the last part out; --life adds
# starts with ten million (tests/bench_life.pl), which takes some ten minutes more.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use FindBin;
use Getopt::Long;
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(WNOHANG);
use Time::HiRes qw(time sleep);

my ($build, $rounds, $seconds, $visitors, $life, $only, $markdown, $json) =
    ('build', 5, 1, 1_000_000, 0, '', 0, '');
GetOptions('build=s' => \$build, 'rounds=i' => \$rounds, 'seconds=i' => \$seconds,
    'visitors=i' => \$visitors, 'life' => \$life, 'only=s' => \$only, 'markdown' => \$markdown, 'json=s' => \$json)
    or exit 2;
chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";
my $nginx = $ENV{SENDA_NGINX} // '/usr/sbin/nginx';
my $browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) '
    . 'Chrome/126.0.0.0 Safari/537.36';
my ($browsers, $connections) = (500, 64);

chomp(my $cpus = `nproc`);
my $pinned = $cpus >= 2;
my @second = $pinned ? ('taskset', '-c', 1) : ();

my $dir = tempdir('senda-bench.XXXXXX', DIR => base());
chmod 0755, $dir;
my $live = '/dev/shm/' . ($dir =~ s{.*/}{}r) . '-live';
my ($owner, %child, %result, %asked) = ($$);
$| = 1;
$SIG{$_} = sub { $SIG{$_} = 'IGNORE' for qw(INT TERM HUP); exit 1 } for qw(INT TERM HUP);
END { clean_up() if defined $owner && $$ == $owner }

# ---- the variants ----

my $lua = 'lua_package_path "/usr/share/lua/5.1/?.lua;;";';
my $format = "log_format u '\$remote_addr [\$time_local] \"\$request\" \$status \$body_bytes_sent "
    . '"$http_referer" "$http_user_agent"';
my ($backend, $tracker, $redis, @ports) = free_ports(3 + 2 * 10);
my @variants = (
    { name => 'bare', what => 'nginx alone', http => 'access_log off;' },
    { name => 'log', what => 'a buffered `access_log`',
        http => "$format'; access_log $dir/log.log u buffer=64k flush=1s;" },
    { name => 'userid', what => '`userid`', http => 'access_log off;',
        server => 'userid on; userid_name uid; userid_expires 365d;' },
    { name => 'both', what => '`userid` and a buffered `access_log`',
        http => "$format uid=\$uid_got\$uid_set'; access_log $dir/both.log u buffer=64k flush=1s;",
        server => 'userid on; userid_name uid; userid_expires 365d;' },
    { name => 'lua', what => 'Lua, counts in a shared dictionary', lua => 1,
        http => "access_log off; $lua lua_shared_dict visits 64m;", server => lua_dict() },
    { name => 'redis', what => 'Lua, one `RPUSH` to Redis a worker every 10 ms', lua => 1,
        http => "access_log off; $lua init_worker_by_lua_block { " . lua_redis() . ' }',
        server => 'log_by_lua_block { keep(ngx.var.cookie_uid, ngx.var.uri) }' },
    { name => 'mirror', what => '`mirror` to a tracker', http => 'access_log off;',
        server => "mirror /_tracker; location = /_tracker { internal; proxy_pass_request_body off; "
            . "proxy_pass http://tracker/visit?u=\$cookie_uid&p=\$request_uri; }" },
    { name => 'senda', what => 'Senda, 1001 rules', senda => 1 },
    { name => 'sendavar', what => 'Senda, and `$senda_tags` in every response', senda => 1,
        server => 'add_header X-Tags $senda_tags;' },
);
my %wanted = map { $_ => 1 } 'bare', split /,/, $only;
@variants = grep { $wanted{ $_->{name} } } @variants if $only;
my %variant = map { $_->{name} => $_ } @variants;
my @order = map { $_->{name} } @variants;

write_site();
for my $v (@variants) {
    ($v->{static}, $v->{proxied}) = splice @ports, 0, 2;
    make_store($v) if $v->{senda};
}
machine();

# ---- what is measured ----

start_all($pinned ? 1 : 0);
write_load();
for my $target (qw(static proxied)) {
    closed('pinned', $target);
}
for my $target (qw(static proxied)) {
    open_loop($target, median(map { $_->{rps} } @{ $result{pinned}{$target}{bare} }) / 2);
}
idle() if $variant{senda};
stop_all();
start_all(0);
for my $target (qw(static proxied)) {
    closed('free', $target);
}
recorded($_) for @order;
stop_all();
many_visitors() if $visitors && $variant{senda};
$ENV{SENDA_BUILD} = $build;
system($^X, '-It/lib', 'tests/bench_life.pl') == 0 or die "bench_life.pl failed\n" if $life;
if ($json) {
    open my $fh, '>', $json or die "$json: $!\n";
    print $fh JSON::PP->new->canonical->pretty->encode(\%result);
}
exit 0;

sub closed {
    my ($mode, $target) = @_;
    my $r = $result{$mode}{$target} = {};
    wrk($_, $target, 1, $mode) for @order;
    for my $round (1 .. $rounds) {
        push @{ $r->{$_} }, wrk($_, $target, $seconds, $mode) for @order;
        push @{ $r->{'bare again'} }, wrk('bare', $target, $seconds, $mode);
    }
    my $what = $mode eq 'pinned' ? 'one worker on its own processor' : 'two workers, nothing pinned';
    title(ucfirst "$target page, $what: $connections connections, as fast as they go");
    row('', 'requests/s', 'ratio to bare', 'least', 'most', 'p50 us', 'p99 us', 'CPU us a request',
        'and the drain');
    for my $name (@order, 'bare again') {
        my @x = @{ $r->{$name} };
        my @ratio = sort { $a <=> $b } map { $x[$_]{rps} / mean_bare($r, $_, 'rps') } 0 .. $#x;
        row(label($name), sprintf('%.0f', of(\@x, 'rps')), map({ sprintf '%.3f', $_ } median(@ratio),
            $ratio[0], $ratio[-1]), map({ sprintf '%.0f', of(\@x, $_) } qw(p50 p99)),
            sprintf('%.2f', of(\@x, 'cpu')), $name =~ /^senda/ ? sprintf('%.2f', of(\@x, 'drain')) : '');
    }
    if ($r->{log} && $r->{senda}) {
        my @ratio = map { $r->{senda}[$_]{rps} / $r->{log}[$_]{rps} } 0 .. $rounds - 1;
        $result{$mode}{"$target to log"} = median(@ratio);
        note(sprintf 'Senda to the buffered access log in the same round: %.3f', median(@ratio));
    }
}

sub open_loop {
    my ($target, $rate) = @_;
    my $r = $result{open}{$target} = {};
    for my $round (1 .. $rounds) {
        push @{ $r->{$_} }, constant($_, $target, $rate) for @order;
        push @{ $r->{'bare again'} }, constant('bare', $target, $rate);
    }
    title(ucfirst sprintf '%s page, one worker on its own processor: %.0f requests a second, due at '
        . 'their moments', $target, $rate);
    row('', 'p50 us', 'p99 us', 'added p50', 'added p99', 'CPU us a request', 'and the drain');
    for my $name (@order, 'bare again') {
        my @x = @{ $r->{$name} };
        my @added = map { my $k = $_; median(map { $x[$_]{$k} - mean_bare($r, $_, $k) } 0 .. $#x) }
            qw(p50 p99);
        row(label($name), map({ sprintf '%.0f', of(\@x, $_) } qw(p50 p99)),
            map({ sprintf '%+.0f', $_ } @added), sprintf('%.2f', of(\@x, 'cpu')),
            $name =~ /^senda/ ? sprintf('%.2f', of(\@x, 'drain')) : '');
    }
}

# What a drain takes of a processor while nobody comes.
sub idle {
    my (undef, $helper) = processes('senda');
    my ($begun, $busy) = (time, busy(@$helper));
    sleep 10;
    $result{idle} = (busy(@$helper) - $busy) / 1e9 / (time - $begun);
    note(sprintf 'An idle drain takes %.2f %% of a processor.', 100 * $result{idle});
}

# A start with that many visitors in live/, what a lookup and a visit cost there, and a rebuild.
sub many_visitors {
    my $v = { name => 'many', senda => 1, static => $ports[0] };
    my $room = (split ' ', (capture('df', '-k', '/dev/shm') =~ /\n(.*)/)[0])[3] * 1024;
    while ($visitors > 1000 && $visitors * 320 > $room * 0.8) { $visitors = int($visitors / 2) }
    my $size = 320 * $visitors + (64 << 20);
    $variant{many} = $v;
    make_store($v, $size >> 20);
    my ($journal, $dir_live) = ("$dir/many/store/journal", "$live-many");
    mkdir $dir_live, 02770;
    $size = ($size >> 20) << 20;
    my %made = words(capture("$build/tests/tool_live", 'make', $journal, $dir_live, $size, $visitors));
    my %look = words(capture("$build/tests/tool_live", 'lookup', $dir_live, $size, $visitors));
    my %drain = words(capture("$build/tests/tool_live", 'drain', $journal, $dir_live, $size, $visitors));
    capture('chown', '-R', 'www-data:www-data', "$dir/many/store", $dir_live) if $> == 0;
    my $begun = time;
    start_nginx($v, 0);
    my $serving = time - $begun;
    stop_all();
    remove_tree($dir_live);
    $begun = time;
    start_nginx($v, 0);
    capture("$build/tests/tool_live", 'wait', $journal, $dir_live, $size, 300);
    my $rebuilt = time - $begun;
    $result{many} = { visitors => $visitors, lookup => $look{lookup}, %drain, serving => $serving,
        rebuilt => $rebuilt };
    title("$visitors visitors in live/");
    row('', 'figure');
    row('a lookup', "$look{lookup} ns");
    row('the drain, a visit of a visitor at random', sprintf '%d ns: ring and record %d, journal %d, '
        . 'live %d; %.0f visits a second', @drain{qw(drain take journal live)}, 1e9 / $drain{drain});
    row('from start to the first page', sprintf '%.2f s', $serving);
    row('from start without live/ to all of it made again', sprintf '%.1f s', $rebuilt);
}

# ---- one measurement ----

# { rps, p50, p99 in us, cpu in us a request, drain in us a request }.
sub wrk {
    my ($name, $target, $secs, $mode) = @_;
    my @cpu = $mode eq 'pinned' ? @second : ();
    return measured($name, sub {
        my $out = capture(@cpu, 'wrk', '-t1', "-c$connections", "-d${secs}s", '--latency',
            '-s', "$dir/load.lua", "http://127.0.0.1:$variant{$name}{$target}/");
        my ($requests) = $out =~ /(\d+) requests in/ or die "wrk: $out\n";
        die "$name, $target: $&\n" if $out =~ /Non-2xx.*|Socket errors: .*/;
        my ($rps) = $out =~ m{Requests/sec:\s+([\d.]+)};
        my %unit = (us => 1, ms => 1e3, s => 1e6);
        my %p = map { my ($n, $u) = $out =~ /^\s*$_%\s+([\d.]+)(us|ms|s)/m; $_ => $n * $unit{$u} } 50, 99;
        return { requests => $requests, rps => $rps, p50 => $p{50}, p99 => $p{99} };
    });
}

sub constant {
    my ($name, $target, $rate) = @_;
    return measured($name, sub {
        my $out = capture(@second, "$build/tests/tool_rate", $variant{$name}{$target}, "$dir/requests",
            int $rate, $seconds, $connections);
        my ($answered, $broken, $p50, $p99) =
            $out =~ /^answered (\d+) broken (\d+) p50 (\S+) .*?p99 (\S+)/ or die "tool_rate: $out\n";
        die "$name, $target: $broken requests were not answered\n" if $broken;
        return { requests => $answered, p50 => $p50, p99 => $p99 };
    });
}

sub measured {
    my ($name, $run) = @_;
    my ($worker, $helper) = processes($name);
    my ($cpu, $drain) = (busy(@$worker), busy(@$helper));
    ask_redis('FLUSHALL') if $name eq 'redis';
    my $x = $run->();
    $asked{$name} += $x->{requests};
    $x->{cpu} = (busy(@$worker) - $cpu) / $x->{requests} / 1e3;
    $x->{drain} = (busy(@$helper) - $drain) / $x->{requests} / 1e3;
    return $x;
}

# That a variant has kept what it was asked for, in the journal or in its log.
sub recorded {
    my ($name) = @_;
    my $asked = $asked{$name} or return;
    my $kept = sub {
        return $variant{$name}{senda}
            ? capture("$build/tests/tool_life", 'board', "$live-$name", 'journal_records') + 0
            : (split ' ', capture('wc', '-l', "$dir/$name.log"))[0];
    };
    return if !$variant{$name}{senda} && !-e "$dir/$name.log";
    my $until = time + 10;
    sleep 0.1 while $kept->() < 0.999 * $asked && time < $until;
    die sprintf "%s has kept %d of %d requests\n", $name, $kept->(), $asked
        if $kept->() < 0.999 * $asked;
}

sub mean_bare {
    my ($r, $round, $key) = @_;
    return ($r->{bare}[$round]{$key} + $r->{'bare again'}[$round]{$key}) / 2;
}

sub words { return map { /^(\S+) (\S+)/ ? ($1, $2) : () } split /\n/, $_[0] }

sub of { my ($x, $key) = @_; return median(map { $_->{$key} } @$x) }

sub median {
    my @x = sort { $a <=> $b } @_;
    return @x % 2 ? $x[$#x / 2] : ($x[$#x / 2] + $x[@x / 2]) / 2;
}

# ---- what is printed ----

my $columns;
sub label { return $_[0] eq 'bare again' ? 'nginx alone, again' : $variant{ $_[0] }{what} }

sub title {
    $columns = 0;
    print $markdown ? "\n### $_[0]\n\n" : "\n$_[0]\n";
}

sub row {
    my ($first, @rest) = @_;
    if ($markdown) {
        print '| ', join(' | ', $first, @rest), " |\n";
        print '|---|', '--:|' x @rest, "\n" if !$columns++;
        return;
    }
    printf '%-48s %s' . "\n", $first =~ s/`//gr, join ' ', map { sprintf '%13s', $_ } @rest;
}

sub note { print $markdown ? "\n$_[0]\n" : "$_[0]\n" }

sub machine {
    my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)/m;
    my ($kernel) = (POSIX::uname())[2];
    my ($version) = `$nginx -v 2>&1` =~ m{nginx/(\S+)};
    my ($memory) = slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+)/m;
    my ($load) = slurp('/proc/loadavg') =~ /^(\S+)/;
    note(sprintf '%s, %d processors, %.0f GB, Linux %s, nginx %s; load %s before; %d rounds of %s s, '
        . '`make bench-nginx`.', $model // 'a processor', $cpus, $memory / 1e6, $kernel, $version,
        $load, $rounds, $seconds);
}

# ---- pages, load ----

sub lua_dict {
    return 'log_by_lua_block { local v = ngx.shared.visits; local u = ngx.var.cookie_uid; '
        . 'if u then v:incr(u .. ngx.var.uri, 1, 0) end }';
}

# What a careful operator writes: nothing in the request but an append, one command each 10 ms.
sub lua_redis {
    return <<"END";
        local kept, n = {}, 0
        function keep(u, p)
            if u and n < 100000 then n = n + 1; kept[n] = u .. " " .. p .. " " .. ngx.now() end
        end
        local function push()
            if n == 0 then return end
            local batch, m = kept, n
            kept, n = {}, 0
            local words = { "*", m + 2, "\\r\\n\$5\\r\\nRPUSH\\r\\n\$6\\r\\nvisits\\r\\n" }
            for i = 1, m do
                words[#words + 1] = "\$" .. #batch[i] .. "\\r\\n" .. batch[i] .. "\\r\\n"
            end
            local s = ngx.socket.tcp()
            s:settimeout(1000)
            if s:connect("127.0.0.1", $redis) then
                s:send(words)
                s:receive()
                s:setkeepalive(10000, 2)
            end
        end
        ngx.timer.every(0.01, push)
END
}

# Sections, product pages and searches in equal parts, none of them alike; the load asks for products.
sub rules {
    my $text = "site shop.example.com\n  timezone UTC\n\n";
    for my $i (1 .. 1000) {
        $text .= $i % 3 == 0 ? "page p$i /section-$i/*\n"
            : $i % 3 == 1 ? "page p$i /product/{item}-$i.html\n" : "page p$i /find-$i?q={q}\n";
    }
    return $text . "page product /product/*\ntag keen when visits product more than 3 times\n";
}

sub write_site {
    mkdir $_ for "$dir/site", "$dir/site/product";
    for my $i (0 .. 99) {
        open my $fh, '>', "$dir/site" . page($i) or die "the page: $!\n";
        print $fh '<!doctype html><p>', 'shoes ' x 1700, "</p>\n";
    }
}

sub page { return sprintf '/product/red-shoe-%d.html', 3 * $_[0] + 1 }

# A hundred pages, returning visitors with the cookies that each variant itself has given, all of
# them in every request, so that each variant reads the same bytes.
sub write_load {
    my @cookie;
    for my $n (1 .. $browsers) {
        push @cookie, ['uid=' . join('', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[rand 62] } 1 .. 22) . '=='];
    }
    for my $name (grep { $variant{$_}{senda} } @order) {
        my @own = own_cookies($name);
        push @{ $cookie[$_] }, "$name=$own[$_]" for 0 .. $#own;
    }
    my @request = map { 'GET ' . page($_ * 37 % 100) . " HTTP/1.1\r\nHost: shop.example.com\r\n"
        . "User-Agent: $browser\r\nAccept: text/html,application/xhtml+xml\r\n"
        . "Accept-Language: es-ES,es;q=0.9\r\nCookie: " . join('; ', @{ $cookie[$_ % $browsers] })
        . "\r\n\r\n" } 1 .. 4 * $browsers;
    open my $fh, '>', "$dir/requests" or die "requests: $!\n";
    print $fh @request;
    close $fh;
    open $fh, '>', "$dir/load.lua" or die "load.lua: $!\n";
    print $fh "local requests, i = {\n", map({ '"' . s/\r\n/\\r\\n/gr . "\",\n" } @request), "}, 0\n",
        "function request()\n    i = i % #requests + 1\n    return requests[i]\nend\n";
}

# The cookies that a variant gives to new visitors. Each comes back, as a browser's would, until it
# is one without the landing visit: that is the shorter one, made when live/ knows the visitor.
sub own_cookies {
    my ($name) = @_;
    my @cookie = map { answer_cookie($name, '') } 1 .. $browsers;
    my @long = map { length } @cookie;
    my $until = time + 20;
    for my $n (0 .. $#cookie) {
        while (length $cookie[$n] >= $long[$n]) {
            die "$name gives no cookie, or never a short one\n" if !$cookie[$n] || time > $until;
            my $again = answer_cookie($name, $cookie[$n]);
            $cookie[$n] = $again if $again;
            sleep 0.002 if !$again;
        }
    }
    return @cookie;
}

sub answer_cookie {
    my ($name, $value) = @_;
    my $cookie = $value ? "Cookie: $name=$value\r\n" : '';
    my $socket = $variant{$name}{socket} //= IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$variant{$name}{static}", Timeout => 5) or die "$name does not answer\n";
    print $socket 'GET ' . page(0) . " HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: $browser\r\n"
        . "Accept: text/html\r\n$cookie\r\n";
    my $answer = '';
    $answer .= <$socket> // die "$name hung up\n" while $answer !~ /\r\n\r\n$/;
    my ($length) = $answer =~ /^content-length: (\d+)/im or die "$name: $answer\n";
    read $socket, my($body), $length;
    return $answer =~ /^set-cookie: \Q$name\E=([^;\r]+)/im ? $1 : '';
}

# ---- processes ----

# A folder in which stores may lie: not every machine's temporary one is.
sub base {
    my $tmp = $ENV{TMPDIR} // '/tmp';
    my $type = `stat -f -c %T $tmp 2>/dev/null` // '';
    return $type =~ /overlay|nfs|smb|cifs|fuse/ ? '/dev/shm' : $tmp;
}

sub make_store {
    my ($v, $megabytes) = @_;
    my $name = $v->{name};
    my $group = $> == 0 ? 'www-data' : '';
    mkdir $_ for "$dir/$name", "$dir/$name/rules";
    open my $fh, '>', "$dir/$name/rules/shop.senda" or die "rules: $!\n";
    print $fh rules();
    close $fh;
    open $fh, '>', "$dir/$name/senda.conf" or die "senda.conf: $!\n";
    print $fh "store $dir/$name/store\nkey $dir/$name/keys/sidecar.key\nrules $dir/$name/rules\n";
    close $fh;
    capture("$build/senda", 'init', "$dir/$name/store", $group ? ('--group', $group) : ());
    capture("$build/senda", 'keygen', "$dir/$name/keys");
    capture("$build/senda", 'publish', '-c', "$dir/$name/senda.conf");
    $v->{http} = "access_log off; senda_store $dir/$name/store live=$live-$name size="
        . ($megabytes // 64) . "m new_visitors=0; senda_key $dir/$name/keys/nginx.key; senda_consent always; "
        . "senda_cookie $name;";
    $v->{server} = 'senda on; senda_site shop.example.com; ' . ($v->{server} // '');
}

sub start_all {
    my ($one) = @_;
    start_redis() if $variant{redis};
    start_nginx({ name => 'backend', static => $backend, http => 'access_log off;',
        more => "server { listen 127.0.0.1:$tracker backlog=4096; return 204; }" }, $one ? 2 : 0);
    start_nginx($_, $one) for @variants;
}

# An nginx of one worker on processor $on, 1 or 2; 0: of two workers, anywhere.
sub start_nginx {
    my ($v, $on) = @_;
    my $name = $v->{name};
    my $workers = $on ? "worker_processes 1; worker_cpu_affinity " . ($on == 1 ? '01;' : '10;')
        : 'worker_processes ' . ($name eq 'backend' || $cpus < 2 ? 1 : 2) . ';';
    my $modules = ($v->{senda} ? "load_module $build/ngx_http_senda_module.so; " : '')
        . ($v->{lua} ? 'load_module /usr/lib/nginx/modules/ndk_http_module.so; '
            . 'load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;' : '');
    my $user = $> == 0 ? 'user www-data;' : '';
    my $server = $v->{server} // '';
    my $more = $v->{more} // '';
    my $proxied = $v->{proxied} ? <<"END" : '';
    server {
        listen 127.0.0.1:$v->{proxied} backlog=4096;
        $server
        location / { proxy_pass http://backend; }
    }
END
    mkdir "$dir/$name"; open my $fh, '>', "$dir/$name/nginx.conf" or die "nginx.conf: $!\n";
    print $fh <<"END";
$user $modules
daemon off;
pid $dir/$name/nginx.pid;
error_log $dir/$name/error.log warn;
$workers
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
    $v->{http}
    client_body_temp_path $dir/$name/b; proxy_temp_path $dir/$name/p; fastcgi_temp_path $dir/$name/f;
    uwsgi_temp_path $dir/$name/u; scgi_temp_path $dir/$name/s;
    sendfile on; tcp_nopush on;
    keepalive_requests 100000000; keepalive_timeout 300;
    open_file_cache max=1000 inactive=300s; open_file_cache_valid 300s;
    types { text/html html; }
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 8 8k;
    upstream backend { server 127.0.0.1:$backend; keepalive 256; keepalive_requests 100000000; }
    upstream tracker { server 127.0.0.1:$tracker; keepalive 256; keepalive_requests 100000000; }
    server {
        listen 127.0.0.1:$v->{static} backlog=4096;
        root $dir/site;
        $server
    }
$proxied$more
}
END
    close $fh;
    $v->{pid} = start($name, "$dir/$name/out", $nginx, '-p', $dir, '-e', "$dir/$name/error.log", '-c',
        "$dir/$name/nginx.conf");
    delete $v->{socket};
    wait_for_port($name, $v->{static}, $v->{pid}, "$dir/$name/out", "$dir/$name/error.log");
    answer_cookie($name, '') if $name eq 'many'; # a page, not only a port that listens
    delete $v->{socket};
}

sub start_redis {
    my $pid = start('redis', "$dir/redis.out", @second, 'redis-server', '--port', $redis, '--bind',
        '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory', '512mb', '--dir', $dir);
    wait_for_port('redis', $redis, $pid, "$dir/redis.out");
}

sub ask_redis {
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$redis", Timeout => 5)
        or die "Redis does not answer\n";
    print $socket "$_[0]\r\n";
    my $answer = <$socket> // '';
    die "Redis: $answer\n" if $answer !~ /^\+OK/;
}

sub start {
    my ($name, $out, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        undef $owner;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open STDOUT, '>', $out;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $child{$pid} = $name;
    return $pid;
}

sub wait_for_port {
    my ($name, $port, $pid, @logs) = @_;
    my $until = time + 20;
    until (IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 1)) {
        die "$name does not start: ", `tail -n 5 @logs`, "\n"
            if time > $until || waitpid($pid, WNOHANG) == $pid;
        sleep 0.01;
    }
}

# The worker processes of a variant, and its helper (the drain).
sub processes {
    my ($name) = @_;
    my (@worker, @helper);
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my ($pid, $parent) = (<$fh> // '') =~ /^(\d+) \(.*\) \S (\d+)/ or next;
        next if $parent != $variant{$name}{pid};
        open my $title, '<', "/proc/$pid/cmdline" or next;
        if ((<$title> // '') =~ /worker process/) { push @worker, $pid } else { push @helper, $pid }
    }
    return (\@worker, \@helper);
}

# Nanoseconds on a processor, of all threads.
sub busy {
    my $sum = 0;
    for my $file (map { glob "/proc/$_/task/*/schedstat" } @_) {
        open my $fh, '<', $file or next;
        $sum += (split ' ', <$fh>)[0];
    }
    return $sum;
}

sub capture {
    my @command = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    my $out = do { local $/; <$pipe> } // '';
    close $pipe or die "$out\n@command failed\n";
    return $out;
}

sub slurp {
    open my $fh, '<', $_[0] or return '';
    local $/;
    return <$fh> // '';
}

sub free_ports {
    my @held = map {
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die "no port: $!\n";
    } 1 .. $_[0];
    return map { $_->sockport } @held;
}

sub stop_all {
    kill TERM => keys %child;
    for my $pid (keys %child) {
        my $until = time + 10;
        sleep 0.02 while time < $until && waitpid($pid, WNOHANG) == 0;
        kill KILL => $pid if kill 0 => $pid;
        waitpid $pid, 0;
        delete $child{$pid};
    }
}

sub clean_up {
    my $status = $?;
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
    stop_all();
    remove_tree($dir, glob "$live-*");
    $? = $status;
}
