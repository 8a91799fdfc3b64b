#!/usr/bin/perl
# `make bench`: what Senda costs a request, beside bare nginx and beside `userid` with a buffered
# access log, on static and on proxied pages; then lines per second of `senda replay`, and the
# benchmarks of the parts (build/tests/bench_*).
#
# Each variant is an nginx of its own, with one worker on the first processor; load generator and
# backend are on the second. All variants are measured in each round, bare nginx at its beginning
# and end; a ratio is against the mean of the two in the same round, its median over the rounds is
# shown. CPU time is the worker's own, from /proc/PID/schedstat. The spread of bare against itself
# says how much of a difference is noise.
#
#   bench_nginx.pl [--build DIR] [--rounds N] [--seconds N] [--lines N] [--json FILE]

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
use Time::HiRes qw(time);

my ($build, $rounds, $seconds, $lines, $json) = ('build', 4, 2, 1_000_000, '');
GetOptions('build=s' => \$build, 'rounds=i' => \$rounds, 'seconds=i' => \$seconds,
    'lines=i' => \$lines, 'json=s' => \$json) or exit 2;
chdir "$FindBin::Bin/.." or die "cannot enter the project's root: $!\n";
$build = abs_path($build) or die "there is no build: run make\n";
my $nginx = $ENV{SENDA_NGINX} // '/usr/sbin/nginx';
my $browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36';
my $visitors = 500;
my $connections = 64;

chomp(my $cpus = `nproc`);
my $pinned = $cpus >= 2;
my @second = $pinned ? ('taskset', '-c', 1) : ();

my $dir = tempdir('senda-bench.XXXXXX', TMPDIR => 1);
chmod 0755, $dir;
my $live = '/dev/shm/' . ($dir =~ s{.*/}{}r);
my ($owner, %child, %result) = ($$);
$| = 1;
$SIG{$_} = sub { $SIG{$_} = 'IGNORE' for qw(INT TERM HUP); exit 1 } for qw(INT TERM HUP);
END { clean_up() if defined $owner && $$ == $owner }

# ---- the instances ----

my %variant = (
    bare => { what => 'nginx alone', http => 'access_log off;', server => '' },
    userid => { what => 'userid and a buffered access_log',
        http => "log_format u '\$remote_addr [\$time_local] \"\$request\" \$status \$body_bytes_sent "
            . "uid=\$uid_got\$uid_set'; access_log $dir/userid.log u buffer=64k flush=1s;",
        server => 'userid on; userid_name uid; userid_expires 365d;' },
    senda => { what => "Senda, the demo's rules", rules => demo_rules() },
    senda1001 => { what => 'Senda, 1001 pages', rules => many_rules(1001) },
);
my @order = qw(bare userid senda senda1001);

write_site();
my ($backend, @ports) = free_ports(1 + 2 * @order);
start_nginx('backend', $backend, undef, 'access_log off;', '', $pinned ? 'worker_cpu_affinity 10;' : '');
for my $name (@order) {
    my $v = $variant{$name};
    make_store($name, $v) if $v->{rules};
    ($v->{static}, $v->{proxied}) = splice @ports, 0, 2;
    start_nginx($name, $v->{static}, $v->{proxied}, $v->{http}, $v->{server},
        $pinned ? 'worker_cpu_affinity 01;' : '');
}
write_load();

# ---- requests per second, CPU a request ----

for my $target (qw(static proxied)) {
    load($_, $target, 1) for @order;
    for my $round (1 .. $rounds) {
        for my $name (@order, 'bare') {
            my $again = $name eq 'bare' && $result{$target}{bare} && @{ $result{$target}{bare} } == $round;
            push @{ $result{$target}{ $again ? 'bare again' : $name } }, load($name, $target, $seconds);
        }
    }
    table($target);
}

# ---- replay, parts ----

replay();
for my $bench (grep { -x && !/\.[do]$/ } glob "$build/tests/bench_*") {
    print "\n", $bench =~ s{.*/}{}r, "\n";
    system $bench;
}
if ($json) {
    open my $fh, '>', $json or die "$json: $!\n";
    print $fh JSON::PP->new->canonical->pretty->encode(\%result);
}
exit 0;

# What wrk reached: { rps, p50, p99 in µs, cpu in µs a request, drain in µs a request }.
sub load {
    my ($name, $target, $secs) = @_;
    my $port = $variant{$name}{$target};
    my ($worker, $helper) = processes($name);
    my ($cpu, $drain) = (busy(@$worker), busy(@$helper));
    my $out = capture(@second, 'wrk', '-t1', "-c$connections", "-d${secs}s", '--latency',
        '-s', "$dir/load.lua", "http://127.0.0.1:$port/");
    ($cpu, $drain) = (busy(@$worker) - $cpu, busy(@$helper) - $drain);
    my ($requests) = $out =~ /(\d+) requests in/ or die "wrk: $out\n";
    die "$name, $target: $&\n" if $out =~ /Non-2xx.*|Socket errors: .*/;
    my ($rps) = $out =~ m{Requests/sec:\s+([\d.]+)};
    my %unit = (us => 1, ms => 1e3, s => 1e6);
    my %p = map { my ($n, $u) = $out =~ /^\s*$_%\s+([\d.]+)(us|ms|s)/m; $_ => $n * $unit{$u} } 50, 99;
    return { rps => $rps, p50 => $p{50}, p99 => $p{99}, cpu => $cpu / $requests / 1e3,
        drain => $drain / $requests / 1e3 };
}

sub table {
    my ($target) = @_;
    my $r = $result{$target};
    printf "\n%s 10 KB page, %d connections, %d rounds of %d s%s\n", ucfirst $target, $connections,
        $rounds, $seconds, $pinned ? ', one worker on its own processor' : '';
    printf "%-11s %9s %6s %13s %8s %8s %10s %8s  %s\n", '', 'req/s', 'ratio', '(least-most)',
        'p50 us', 'p99 us', 'CPU us/req', '+drain', '';
    for my $name (@order, 'bare again') {
        my @x = @{ $r->{$name} };
        my @ratio = sort { $a <=> $b } map {
            $x[$_]{rps} / (($r->{bare}[$_]{rps} + $r->{'bare again'}[$_]{rps}) / 2) } 0 .. $#x;
        printf "%-11s %9.0f %6.3f (%.3f-%.3f) %8.0f %8.0f %10.2f %8s  %s\n", $name,
            median(map { $_->{rps} } @x), median(@ratio), $ratio[0], $ratio[-1],
            median(map { $_->{p50} } @x), median(map { $_->{p99} } @x),
            median(map { $_->{cpu} } @x),
            $name =~ /senda/ ? sprintf('%.2f', median(map { $_->{drain} } @x)) : '',
            $variant{$name =~ s/ again//r}{what};
    }
}

sub median {
    my @x = sort { $a <=> $b } @_;
    return @x % 2 ? $x[$#x / 2] : ($x[$#x / 2] + $x[@x / 2]) / 2;
}

# A shop's log through the whole Spanish example, plain and packed.
sub replay {
    my $log = "$dir/access.log";
    system("$build/tests/tool_log $lines 42 > $log && gzip -k $log") == 0 or die "tool_log failed\n";
    for my $file ($log, "$log.gz") {
        my $begin = time;
        my $out = capture("$build/senda", 'replay', '--json', '--rules', 'tests/data/zapateria.senda',
            $file);
        my $took = time - $begin;
        my $got = decode_json($out);
        die "replay read $got->{lines} of $lines lines\n" if $got->{lines} != $lines;
        printf "\nreplay%s: %d lines in %.2f s, %.0f lines a second (%d visits, %d messages)\n",
            $file =~ /gz$/ ? ', packed by gzip' : '', $lines, $took, $lines / $took, $got->{visits},
            scalar @{ $got->{messages} };
        push @{ $result{replay} }, { lines => $lines, seconds => $took };
    }
}

# ---- rules, pages, load ----

sub demo_rules {
    open my $fh, '<', 'conf/demo/rules/zapateria.senda' or die "the demo's rules: $!\n";
    local $/;
    return <$fh>;
}

sub many_rules {
    my ($n) = @_;
    my $text = "site shop.example.com\n  timezone UTC\n\n";
    # Sections, product pages and searches in equal parts, none of them alike.
    for my $i (1 .. $n) {
        $text .= $i % 3 == 0 ? "page p$i /section-$i/*\n"
            : $i % 3 == 1 ? "page p$i /product/{item}-$i.html\n" : "page p$i /find-$i?q={q}\n";
    }
    return $text . "page heels /tacon*\ntag dressy when visits heels more than 3 times\n";
}

sub write_site {
    mkdir "$dir/site";
    mkdir "$dir/site/tacon";
    for my $i (0 .. 99) {
        open my $fh, '>', "$dir/site/tacon/rojo-$i.html" or die "the page: $!\n";
        print $fh '<!doctype html><p>', 'shoes ' x 1700, "</p>\n";
    }
}

# A hundred pages, returning visitors with the cookies that each variant itself has given.
sub write_load {
    my @cookie;
    for my $n (1 .. $visitors) {
        my $random = join '', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[ rand 62 ] } 1 .. 22;
        push @cookie, ["uid=$random=="];
    }
    for my $name (grep { $variant{$_}{rules} } @order) {
        my @own = own_cookies($name);
        push @{ $cookie[$_] }, "$name=$own[$_]" for 0 .. $#own;
    }
    open my $fh, '>', "$dir/load.lua" or die "load.lua: $!\n";
    print $fh "local cookies = {\n", map({ '"' . join('; ', @$_) . "\",\n" } @cookie), "}\n";
    print $fh <<"END";
local requests, i = {}, 0
function init(args)
    for k = 1, 4 * #cookies do
        requests[k] = string.format("GET /tacon/rojo-%d.html HTTP/1.1\\r\\nHost: shop.example.com\\r\\n" ..
            "User-Agent: $browser\\r\\nAccept: text/html\\r\\nCookie: %s\\r\\n\\r\\n",
            (k * 37) % 100, cookies[k % #cookies + 1])
    end
end
function request()
    i = i % #requests + 1
    return requests[i]
end
END
}

# The cookies that a variant gives to new visitors; each comes back once, as a browser's would.
sub own_cookies {
    my ($name) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$variant{$name}{static}", Timeout => 5)
        or die "$name does not answer\n";
    my @cookie;
    for my $n (0 .. $visitors - 1) {
        my $value = '';
        for my $try (1, 2) {
            my $cookie = $value ? "Cookie: $name=$value\r\n" : '';
            print $socket "GET /tacon/rojo-0.html HTTP/1.1\r\nHost: shop.example.com\r\n"
                . "User-Agent: $browser\r\n$cookie\r\n";
            my $answer = '';
            $answer .= <$socket> // die "$name hung up\n" while $answer !~ /\r\n\r\n$/;
            my ($length) = $answer =~ /^content-length: (\d+)/im or die "$name: $answer\n";
            read $socket, my($body), $length;
            $value = $1 if $answer =~ /^set-cookie: \Q$name\E=([^;\r]+)/im;
        }
        die "$name gives no cookie\n" if !$value;
        push @cookie, $value;
    }
    return @cookie;
}

# ---- processes ----

sub make_store {
    my ($name, $v) = @_;
    my $group = $> == 0 ? 'www-data' : '';
    mkdir $_ for "$dir/$name", "$dir/$name/rules";
    open my $fh, '>', "$dir/$name/rules/shop.senda" or die "rules: $!\n";
    print $fh $v->{rules};
    close $fh;
    open $fh, '>', "$dir/$name/senda.conf" or die "senda.conf: $!\n";
    print $fh "store $dir/$name/store\nkey $dir/$name/keys/sidecar.key\nrules $dir/$name/rules\n";
    close $fh;
    capture("$build/senda", 'init', "$dir/$name/store", $group ? ('--group', $group) : ());
    capture("$build/senda", 'keygen', "$dir/$name/keys");
    capture("$build/senda", 'publish', '-c', "$dir/$name/senda.conf");
    $v->{http} = "access_log off; senda_store $dir/$name/store live=$live-$name size=64m; "
        . "senda_key $dir/$name/keys/nginx.key; senda_consent always; senda_cookie $name;";
    my ($site) = $v->{rules} =~ /^(?:sitio|site) ([^\s,]+)/m;
    $v->{server} = "senda on; senda_site $site;";
}

sub start_nginx {
    my ($name, $static, $proxied, $http, $server, $affinity) = @_;
    my $proxy = defined $proxied ? <<"END" : '';
    upstream backend { server 127.0.0.1:$backend; keepalive 128; keepalive_requests 100000000; }
    server {
        listen 127.0.0.1:$proxied backlog=4096;
        $server
        location / { proxy_pass http://backend; }
    }
END
    my $module = $http =~ /senda_store/ ? "load_module $build/ngx_http_senda_module.so;" : '';
    my $user = $> == 0 ? 'user www-data;' : '';
    mkdir "$dir/$name";
    open my $fh, '>', "$dir/$name/nginx.conf" or die "nginx.conf: $!\n";
    print $fh <<"END";
$user $module
daemon off;
pid $dir/$name/nginx.pid;
error_log $dir/$name/error.log warn;
worker_processes 1; $affinity
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
    $http
    client_body_temp_path $dir/$name/b; proxy_temp_path $dir/$name/p; fastcgi_temp_path $dir/$name/f;
    uwsgi_temp_path $dir/$name/u; scgi_temp_path $dir/$name/s;
    sendfile on; tcp_nopush on;
    keepalive_requests 100000000; keepalive_timeout 300;
    open_file_cache max=1000 inactive=300s; open_file_cache_valid 300s;
    types { text/html html; }
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 8 8k;
    server {
        listen 127.0.0.1:$static backlog=4096;
        root $dir/site;
        $server
    }
$proxy
}
END
    close $fh;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        undef $owner;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open STDOUT, '>', "$dir/$name/out";
        open STDERR, '>&', \*STDOUT;
        exec $nginx, '-p', $dir, '-e', "$dir/$name/error.log", '-c', "$dir/$name/nginx.conf"
            or POSIX::_exit(127);
    }
    $child{$pid} = $name;
    $variant{$name}{pid} = $pid;
    my $until = time + 20;
    until (IO::Socket::INET->new(PeerAddr => "127.0.0.1:$static", Timeout => 1)) {
        die "$name does not start: ", `tail -n 5 $dir/$name/out $dir/$name/error.log`, "\n"
            if time > $until || waitpid($pid, WNOHANG) == $pid;
        select undef, undef, undef, 0.05;
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

sub free_ports {
    my @held = map {
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die "no port: $!\n";
    } 1 .. $_[0];
    return map { $_->sockport } @held;
}

sub clean_up {
    my $status = $?;
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
    kill TERM => keys %child;
    for my $pid (keys %child) {
        my $until = time + 5;
        select undef, undef, undef, 0.02 while time < $until && waitpid($pid, WNOHANG) == 0;
        kill KILL => $pid if kill 0 => $pid;
        waitpid $pid, 0;
    }
    remove_tree($dir, glob "$live-*");
    $? = $status;
}
