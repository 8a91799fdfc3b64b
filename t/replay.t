#!/usr/bin/perl

# senda replay: every page's count against an independent count by awk, on the project's own
# small log and, where they are, on real ones; what is dropped, and why; what would be sent; packed
# logs, contacts, one flow, one visitor's story, the forecast, the progress on a terminal.

use strict;
use warnings;

use Fcntl qw(O_NOCTTY O_RDWR);
use File::Temp qw(tempdir);
use IO::Handle;
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

sub write_file {
    my ($file, $text) = @_;

    open(my $out, '>', $file) // die "$file: $!";
    print {$out} $text;
    close($out) or die "$file: $!";
}

sub slurp {
    open(my $f, '<', $_[0]) or return '';
    local $/;
    return <$f> // '';
}

# The visitor of the small log's messages.
sub run_who {
    return replay('small')->{messages}[0]{who};
}

# A pseudo-terminal: its master and its other end; nothing where there is none. The numbers are
# Linux's TIOCSPTLCK and TIOCGPTN.
sub terminal {
    my ($number, $unlocked) = (pack('i', 0), pack('i', 0));
    sysopen(my $master, '/dev/ptmx', O_RDWR | O_NOCTTY) or return;
    ioctl($master, 0x40045431, $unlocked) or return;
    ioctl($master, 0x80045430, $number) or return;
    sysopen(my $slave, '/dev/pts/' . unpack('i', $number), O_RDWR | O_NOCTTY) or return;
    return ($master, $slave);
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
            [sort qw(lines visits dropped malformed pages flows messages forecast)], "$name: keys");
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
        goals => 1, refused => 0 }, 'small: one abandons, and buys a day later');
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

# Packed by gzip, whole and in two, it is the same log.
{
    my (undef, $plain) = run('replay', '--rules', "$data/small.senda", "$data/small.log");
    system("gzip -c $data/small.log > '$tmp/small.log.gz'"
        . " && (head -n 12 $data/small.log | gzip -c && tail -n +13 $data/small.log | gzip -c)"
        . " > '$tmp/two.gz'") == 0 or die 'gzip';
    for my $file ("$tmp/small.log.gz", "$tmp/two.gz") {
        my ($status, $text) = run('replay', '--rules', "$data/small.senda", $file);
        is($status, 0, 'packed');
        is($text, $plain, 'the same');
    }
    is(`'$senda' replay --rules $data/small.senda - < '$tmp/two.gz'`, $plain, '… from standard input');
}

# Contacts, one flow alone, one visitor's story.
{
    open(my $csv, '>', "$tmp/contacts.csv") or die;
    print $csv "ip;correo;consentimiento\n203.0.113.7;ana\@example.com;yes\n";
    close($csv);
    my $r = replay('small', '--contacts', "$tmp/contacts.csv", '--known-only');
    is_deeply([map { "$_->{who} $_->{template}" } @{ $r->{messages} }],
        ['ana@example.com cart-1', 'ana@example.com cart-2'], 'who is known gets messages');
    is($r->{forecast}{contacts}, 1, '… and is a contact');
    is($r->{forecast}{channels}{email}, 2, 'forecast by channel');
    is_deeply([map { "$_->{from} $_->{email}" } @{ $r->{forecast}{days} }],
        ['2026-06-01 1', '2026-06-02 1'], 'forecast by day');
    is($r->{forecast}{marketing}, 2, 'messages that are not transactional');
    is($r->{forecast}{bought_anyway}, 2, '… both to somebody who bought a day later');
    open($csv, '>', "$tmp/contacts.csv") or die;
    print $csv "ip;correo;consentimiento\n203.0.113.7;ana\@example.com;no\n";
    close($csv);
    is_deeply(replay('small', '--contacts', "$tmp/contacts.csv")->{messages}, [],
        'who refuses gets none');

    my ($status, $text) = run('replay', '--rules', "$data/small.senda", '--flow', 'Abandoned CART',
        "$data/small.log");
    is($status, 0, '--flow');
    like($text, qr/^  abandoned cart +1 +0 +1 +1 +0$/m, '… shows the flow');
    unlike($text, qr/^  page /m, '… and no pages');
    like($text, qr/^  2026-06-01 +1 +0 +0 +0 +1$/m, 'a table by day');
    like($text, qr/^2 of 2 messages .* went to people who bought anyway:$/m, 'bought anyway');
    ($status) = run('replay', '--rules', "$data/small.senda", '--flow', 'no such', "$data/small.log");
    is($status, 2, 'no such flow');
    like(slurp("$tmp/err"), qr/abandoned cart/, '… names those that are');

    ($status, $text) = run('replay', '--rules', "$data/small.senda", '--why', '203.0.113.7',
        "$data/small.log");
    is($status, 0, '--why');
    like($text, qr{^  2026-06-01 11:00:00 starts flow "abandoned cart"  \[$data/small\.senda:\d+\]$}m,
        '… says what the flow did, and where it stands');
    like($text, qr{gets email cart-1 \("abandoned cart"\)  \[$data/small\.senda:\d+\]$}m, '… messages');
    my ($who) = run_who();
    my (undef, $same) = run('replay', '--rules', "$data/small.senda", '--why', $who, "$data/small.log");
    is($same =~ s/^.*\n//r, $text =~ s/^.*\n//r, 'the same by the name that messages have');
    ($status) = run('replay', '--rules', "$data/small.senda", '--why', 'nobody', "$data/small.log");
    is($status, 1, 'nobody called so');
    ($status) = run('replay', '--json', '--rules', "$data/small.senda", '--why', 'x', "$data/small.log");
    is($status, 2, '--why has no --json');

    # Two people on one browser: each has a story of their own.
    my $agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36';
    my @rows = ([5, 'ann', '01/Jun/2026:10:00:00', '/a'], [5, 'bob', '01/Jun/2026:10:01:00', '/a'],
        [6, 'ann', '02/Jun/2026:10:01:00', '/c']);
    write_file("$tmp/two.log", join '', map {
        qq{192.0.2.$_->[0] - $_->[1] [$_->[2] +0000] "GET $_->[3] HTTP/1.1" 200 9 "-" "$agent"\n} } @rows);
    write_file("$tmp/two.csv", "email,user\nann\@example.com,ann\nbob\@example.com,bob\n");
    write_file("$tmp/two.senda", "page c /c\nflow c\n  start when visits c\n  again always\n  send email c\n");
    my %story = map { $_ => (run('replay', '--rules', "$tmp/two.senda", '--contacts', "$tmp/two.csv",
        '--why', "$_\@example.com", "$tmp/two.log"))[1] } qw(ann bob);
    like($story{ann}, qr/gets email c/, 'who got it is told so');
    unlike($story{bob}, qr/gets email|visits \/c/, 'who shares the browser is not');
}

# A shop's log of some days through the whole Spanish example: deterministic, and it adds up.
SKIP: {
    my $tool = ($ENV{SENDA_BUILD} // 'build') . '/tests/tool_log';
    skip('no tool_log', 1) unless -x $tool;
    system("'$tool' 5000 7 > '$tmp/shop.log' && '$tool' 5000 7 | cmp -s - '$tmp/shop.log'") == 0
        or fail('tool_log says the same twice');
    my ($status, $text) = run('replay', '--json', '--rules', "$data/zapateria.senda",
        "$tmp/shop.log");
    is($status, 0, 'a shop');
    is(-s "$tmp/err", 0, 'no progress is shown when nobody looks');
    my $r = decode_json($text);
    is($r->{lines}, 5000, 'every line');
    adds_up($r, 'a shop');
    cmp_ok($r->{dropped}{bot}, '>', 0, 'it has crawlers');
    my $bought = $r->{pages}{gracias}{visitors};
    cmp_ok($bought, '>=', 3, 'some buy');
    cmp_ok($r->{flows}{'carrito abandonado'}{started}, '>', 0, 'some leave their basket');
    is(sum(values %{ $r->{forecast}{channels} }), scalar @{ $r->{messages} }, 'messages add up');
    is(sum(map { my $d = $_; map { $d->{$_} } qw(email sms push webpush) } @{ $r->{forecast}{days} }),
        scalar @{ $r->{messages} }, '… also by day');
    my (undef, $again) = run('replay', '--json', '--rules', "$data/zapateria.senda", "$tmp/shop.log");
    is($again, $text, 'the same twice');
    my %people = map { $_->{who} => 1 } @{ $r->{messages} };
    is($r->{forecast}{people}, scalar keys %people, 'people');
}

# On a terminal, and only there, it says how far it is, and leaves nothing behind.
SKIP: {
    my $tool = ($ENV{SENDA_BUILD} // 'build') . '/tests/tool_log';
    my ($terminal, $slave) = terminal();
    skip('no terminal', 1) unless $terminal && -x $tool;
    chomp(my @lines = `'$tool' 3000 1`);
    my $text = join("\n", @lines) . "\n";
    pipe(my $in, my $feed) or die;
    my $pid = fork() // die;
    if ($pid == 0) {
        open(STDIN, '<&', $in);
        open(STDOUT, '>', "$tmp/out");
        open(STDERR, '>&', $slave);
        close($_) for $in, $feed;
        exec($senda, 'replay', '--rules', "$data/small.senda", '-') or exit(127);
    }
    close($in);
    close($slave);
    $feed->autoflush(1);
    local $SIG{PIPE} = 'IGNORE';
    my $shown = '';
    my $fed = 0;
    # as long as it takes until something is shown
    while ($shown !~ /lines, \d+ a second/ && $fed++ < 20_000) {
        print $feed $text or last;
        my $ready = '';
        vec($ready, fileno($terminal), 1) = 1;
        sysread($terminal, $shown, 4096, length $shown) if select($ready, undef, undef, 0);
    }
    like($shown, qr/\r\e\[K\d+ lines, \d+ a second/, 'how far it is');
    close($feed);
    1 while sysread($terminal, $shown, 4096, length $shown);
    waitpid($pid, 0);
    is($? >> 8, 0, 'on a terminal');
    like($shown, qr/\r\e\[K\z/, 'nothing of it is left');
}

done_testing();
