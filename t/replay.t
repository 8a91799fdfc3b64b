#!/usr/bin/perl

# senda replay: every page's count against an independent count by awk, on the project's own
# small log and, where they are, on real ones; what is dropped, and why; what would be sent.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $senda = ($ENV{SENDA_BUILD} // 'build') . '/senda';
my $shared = ($ENV{SENDA_SHARED} // '../shared') . '/data/access-logs';
my $data = 'tests/data';
my $tmp = tempdir(CLEANUP => 1);

plan skip_all => "no $senda" unless -x $senda;

# m: method, p: path without closing slash, q: arguments, h: host of a whole address, s: status.
my $awk = <<'AWK';
{
    line = $0; gsub(/\\./, "_", line)
    if (split(line, f, "\"") < 7) next
    if (split(f[2], r, " ") != 3 || r[3] !~ /^HTTP\//) next
    m = r[1]; t = r[2]; split(f[3], c, " "); s = c[1]; h = ""
    if (!((m == "GET" && (s == 200 || s == 304)) || (m == "POST" && s >= 200 && s < 400))) next
    if (t ~ /^https?:\/\//) { h = t; sub(/^https?:\/\//, "", h); sub(/\/.*/, "", h)
        sub(/^https?:\/\/[^\/]*/, "", t) }
    if (h != "" && h !~ HOSTS) next
    i = index(t, "?"); p = i ? substr(t, 1, i - 1) : t; q = i ? substr(t, i + 1) : ""
    if (p !~ /^\//) next
    if (length(p) > 1) sub(/\/$/, "", p)
    if (CONDITION) n++
}
END { print n + 0 }
AWK

# For each page: how awk would say it. The kinds of pattern stand beside them.
my %logs = (
    small => {
        file => "$data/small.log",
        hosts => '/^(shop\.)?example\.com$/',
        pages => {
            home    => 'm == "GET" && p == "/"',                              # exact
            cart    => 'm == "GET" && p == "/cart"',                          # is
            thanks  => 'm == "GET" && p ~ /^\/thanks/ && q ~ /(^|&)order=[^&]/',
            heels   => 'm == "GET" && p ~ /^\/heels\// && p !~ /\/reviews$/', # prefix, except
            reviews => 'm == "GET" && p ~ /^\/heels\/.*\/reviews$/',          # inner *
            product => 'm == "GET" && p ~ /^\/product\/[^\/]+$/',             # {name}
            photo   => 'm == "GET" && p ~ /^\/product\/[^\/]+\/photo-[0-9]+\.jpg$/', # {#name}
            search  => 'm == "GET" && p == "/search" && q ~ /(^|&)q=[^&]/',   # ?arg={x}
            sale    => 'm == "GET" && p ~ /^\/heels\// && q ~ /(^|&)sale=yes(&|$)/', # literal
            guide   => 'm == "GET" && p ~ /^\/guide\//',                      # whole address
            help    => 'm == "GET" && (p == "/help" || p ~ /^\/faq\//)',      # list
            signup  => 'm == "POST" && p == "/signup"',                       # POST
        },
    },
    semicomplete => {
        file => "$shared/semicomplete.log",
        hosts => '/semicomplete\.com$/',
        pages => {
            home     => 'm == "GET" && p == "/"',
            xdotool  => 'm == "GET" && p == "/projects/xdotool"',
            articles => 'm == "GET" && p ~ /^\/articles\//',
            posts    => 'm == "GET" && p ~ /^\/blog\/.*\.html$/',
            tag      => 'm == "GET" && p ~ /^\/blog\/tags\/[^\/]+$/',
            post     => 'm == "GET" && p ~ /^\/blog\/geekery\/[^\/]+\.html$/',
            metrics  => 'm == "GET" && p ~ /^\/presentations\/logstash-metrics-sf-[0-9]+\.10$/',
            older    => 'm == "GET" && p == "/" && q ~ /(^|&)page=[^&]/',
            atom     => 'm == "GET" && p == "/" && q ~ /(^|&)flav=atom(&|$)/',
            campaign => 'm == "GET" && p ~ /^\/blog\// && q ~ /(^|&)utm_source=[^&]/'
                . ' && q ~ /(^|&)utm_medium=[^&]/',
            talks    => 'm == "GET" && p ~ /^\/presentations\/logstash-/',
            tools    => 'm == "GET" && p ~ /^\/(scripts|projects|misc)\//',
            files    => 'm == "GET" && p ~ /^\/files\// && p !~ /^\/files\/logstash(\/|$)/',
            comment  => 'm == "POST" && (p ~ /^\/blog\/geekery\// || p ~ /^\/projects\/[^\/]+$/)',
        },
    },
    advertools => {
        file => "$shared/advertools.log",
        hosts => '/advertools\.com$/',
        pages => {
            home     => 'm == "GET" && p == "/"',
            audience => 'm == "GET" && p == "/audience-manager"',
            staging  => 'm == "GET" && p ~ /^\/staging\// && p !~ /\.js$/',
            app      => 'm == "GET" && p ~ /^\/staging\/[^\/]+\/_dash-layout$/',
            tables   => 'm == "GET" && p ~ /^\/staging\/.*\/dash_table\/.*\.js$/',
            update   => 'm == "POST" && p ~ /^\/staging\/.*\/_dash-update-component$/',
            debug    => 'm == "GET" && p == "/" && q ~ /(^|&)XDEBUG_SESSION_START=phpstorm(&|$)/',
            fetch    => 'm == "GET" && p == "/" && q ~ /(^|&)a=[^&]/ && q ~ /(^|&)content=[^&]/',
            drawing  => 'm == "GET" && p ~ /^\/static\/[^\/]+\/[^\/]+\.png$/',
        },
    },
);

sub run {
    my (@args) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";

    if ($pid == 0) {
        open(STDERR, '>', "$tmp/err");
        exec($senda, @args) or exit(127);
    }
    local $/;
    my $text = <$out> // '';
    close($out);
    return ($? >> 8, $text);
}

sub replay {
    my ($name, @options) = @_;
    my ($status, $text) = run('replay', '--json', @options, '--rules', "$data/$name.senda",
        $logs{$name}{file});

    is($status, 0, "$name @options: exit status");
    return decode_json($text);
}

sub awk_count {
    my ($log, $condition) = @_;
    my $program = $awk;

    $program =~ s/HOSTS/$log->{hosts}/;
    $program =~ s/CONDITION/$condition/;
    open(my $f, '>', "$tmp/count.awk") or die;
    print $f $program;
    close($f);
    my $n = `LC_ALL=C awk -f '$tmp/count.awk' '$log->{file}'`;
    chomp($n);
    return $n;
}

sub sum {
    my $n = 0;
    $n += $_ for @_;
    return $n;
}

sub adds_up {
    my ($r, $what) = @_;
    is($r->{visits} + $r->{malformed} + sum(values %{ $r->{dropped} }), $r->{lines},
        "$what: visits, malformed and dropped make up the file");
}

for my $name (sort keys %logs) {
    my $log = $logs{$name};

    SKIP: {
        skip("no $log->{file}", 1) unless -r $log->{file};
        my $kept = replay($name, '--keep-bots');
        my $people = replay($name);
        chomp(my $lines = `wc -l < '$log->{file}'`);

        is($kept->{lines}, $lines + 0, "$name: every line is looked at");
        is_deeply([sort keys %$kept],
            [sort qw(lines visits dropped malformed pages flows messages)], "$name: keys");
        adds_up($kept, "$name with bots");
        adds_up($people, $name);
        is($kept->{dropped}{bot}, 0, "$name: bots are kept when asked");
        cmp_ok($people->{dropped}{bot}, '>', 0, "$name: else dropped");
        is_deeply([sort keys %{ $kept->{pages} }], [sort keys %{ $log->{pages} }],
            "$name: every page has its count");
        for my $page (sort keys %{ $log->{pages} }) {
            my $n = awk_count($log, $log->{pages}{$page});

            cmp_ok($n, '>', 0, "$name: $page has hits");
            is($kept->{pages}{$page}{visits}, $n, "$name: $page counts as awk does");
            cmp_ok($kept->{pages}{$page}{visitors}, '<=', $n, "$name: $page visitors");
        }
    }
}

# The small log, line by line.
{
    my $r = replay('small');

    is_deeply($r->{dropped}, { method => 2, bot => 3, status => 2, address => 2, asset => 2,
        form => 1 }, 'small: the first reason that applies');
    is($r->{malformed}, 3, 'small: malformed');
    is_deeply($r->{pages}{cart}, { visits => 2, visitors => 2 }, 'small: visitors');
    is_deeply($r->{flows}{'abandoned cart'}, { started => 1, stopped => 0, finished => 1,
        goals => 1 }, 'small: one abandons, and buys a day later');
    my @sent = map { "$_->{at} $_->{flow} $_->{channel} $_->{template}" } @{ $r->{messages} };
    is_deeply(\@sent, [
        '2026-06-01T11:00:00+02:00 abandoned cart email cart-1',
        '2026-06-02T11:00:00+02:00 abandoned cart email cart-2',
    ], 'small: messages');
    like($r->{messages}[0]{who}, qr{^203\.0\.113\.7/[0-9a-f]{8}$}, 'small: who');

    is_deeply(replay('small', '--known-only')->{messages}, [], 'nobody known, nothing sent');
    is(scalar @{ replay('small', '--until', '2026-06-02')->{messages} }, 2,
        '--until never cuts the log');
}

# A table for people, standard input, rotated logs in any order.
{
    my ($status, $text) = run('replay', '--rules', "$data/small.senda", "$data/small.log");
    is($status, 0, 'table');
    like($text, qr/every visitor counts as reachable and consenting/, 'says what it assumes');
    like($text, qr/^36 lines: 21 visits of 3 visitors, 3 malformed/m, 'sums up');

    open(my $in, '<', "$data/small.log") or die;
    my @lines = <$in>;
    close($in);
    open(my $one, '>', "$tmp/one") or die;
    open(my $two, '>', "$tmp/two") or die;
    print $one @lines[0 .. 19];
    print $two @lines[20 .. $#lines];
    close($_) for $one, $two;
    my (undef, $joined) = run('replay', '--rules', "$data/small.senda", "$tmp/two", "$tmp/one");
    is($joined, $text, 'rotated logs are put in order');
    my $piped = `'$senda' replay --rules $data/small.senda - < $data/small.log`;
    is($piped, $text, 'standard input');
}

# What cannot be done, and what is wrong.
for my $case (
    ['replay', '--rules', "$data/small.senda", "$tmp/none"],
    ['replay', '--rules', "$tmp/none", "$data/small.log"],
    ['replay', "$data/small.log"],
    ['replay', '--rules', "$data/small.senda", '--until', 'soon', "$data/small.log"],
) {
    my ($status) = run(@$case);
    is($status, 2, "@{$case}[1 .. $#$case]");
    cmp_ok(-s "$tmp/err", '>', 0, '… and says why');
}

# The test command: a failing block shows what happened instead.
{
    my ($status, $text) = run('test', "$data/failing.senda");
    is($status, 1, 'a failing block');
    like($text, qr/^FAILED $data\/failing\.senda:\d+ this one fails$/m, 'is named');
    like($text, qr/^ok     $data\/failing\.senda:\d+ this one passes$/m, 'the others run');
    like($text, qr/line 22: expected: gets email cart-1 at day 1 10:30\n/, 'what was expected');
    like($text, qr/day 1 10:00 +visits \/cart \(cart\)\n/, 'what was done');
    like($text, qr/day 1 11:00 +gets email cart-1 \("abandoned cart"\)\n/, 'what came instead');
    like($text, qr/^2 tests, 1 failed$/m, 'summary');
    ($status) = run('test', "$tmp/none");
    is($status, 2, 'no such file');
}

done_testing();
