# The status page: who may see it, in which format, what it says when all is well and when it is
# not, names and texts of any bytes, and that it costs a bounded amount of work.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use Time::HiRes qw(time);

my $rules = <<"END";
site shop.test www.shop.test
page home
match GET /
page heels
match GET /heels
page cart view_cart
match GET /cart
page q"uo\\te'<b>&amp;
match GET /quote
page anna\@shop.test
match GET /address
page \xc3\xb1and\xc3\xba
match GET /utf8
END

my $t = Senda::Test->new;
my $unix = $t->dir . '/run/status.sock';
my ($realip, $proxied) = map { $t->free_port } 1, 2;

my $locations = <<'END';
    location = /senda-status { senda_status; }
    location /status/ { senda_status; }
    location /any/ { senda_status any; deny 127.0.0.1; }
    location /open/ { senda_status any; }
END
my %conf = (
    server => "try_files \$uri.html \$uri/index.html =404;\n$locations",
    servers => <<"END",
    server { listen unix:$unix; $locations }
    server { listen 127.0.0.1:$realip; set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; $locations }
    server { listen 127.0.0.1:$proxied proxy_protocol; set_real_ip_from 127.0.0.1;
        real_ip_header proxy_protocol; $locations }
END
);

# What the workers may read and write belongs to them.
sub as_worker {
    my ($tool, @args) = @_;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        if ($t->{user}) {
            my ($uid, $gid) = (getpwnam $t->{user})[2, 3];
            $) = "$gid $gid";
            $( = $gid;
            POSIX::setuid($uid);
        }
        exec $t->tool($tool), @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    die "$tool @args: $?" if $?;
}

sub mistake {
    my ($text, $at) = @_;
    my ($out, $status) = $t->try_run(\$text, $t->tool('tool_status'), 'error', $t->store, $at);
    die $out if $status;
    $t->share_published;
}

sub json {
    my ($path, %o) = @_;
    my $r = $t->get($path // '/status/json', %o);
    my $v = eval { JSON::PP->new->utf8->decode($r->body) };
    fail("JSON: $@\n" . $r->body) unless $v;
    return $v // {};
}

# Prometheus' text format 0.0.4, strictly: name{label="value"} => number, HELP and TYPE before the
# samples of a name, all samples of a name together, none twice.
sub prometheus {
    my ($text) = @_;
    my (%value, %help, %type, %over, $current);
    $text =~ /\n\z/ or die "no end of line at the end";
    utf8::decode(my $check = $text) or die 'no UTF-8';
    for (split /\n/, $text) {
        if (/^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/) {
            $help{$1}++ and die "HELP of $1 twice";
        } elsif (/^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge)$/) {
            $type{$1} and die "TYPE of $1 twice";
            $help{$1} or die "no HELP before $1";
            $type{$1} = $2;
            ($2 eq 'counter') == !!($1 =~ /_total$/) or die "$1 is a $2";
        } elsif (/^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\d+)$/) {
            my ($name, $labels, $value) = ($1, $2 // '', $3);
            $type{$name} or die "no TYPE before $name";
            if (defined $current && $current ne $name) {
                $over{$current} = 1;
                $over{$name} and die "$name is not together";
            }
            $current = $name;
            exists $value{"$name$labels"} and die "$name$labels twice";
            $value{"$name$labels"} = $value;
        } else {
            die "line: $_";
        }
    }
    return \%value;
}

# Tags that are opened are closed in order, attributes are quoted, no '<' or '&' is left over.
sub html_mistake {
    my ($html) = @_;
    my @open;
    utf8::decode(my $check = $html) or return 'no UTF-8';
    $html =~ s/^<!DOCTYPE html>\n// or return 'no doctype';
    $html =~ s{<style>.*?</style>}{}s;
    while ($html =~ /\G([^<]*)(<(?:\/?[a-z0-9]+(?: [a-z-]+="[^"<>]*")*>)?|\z)/g) {
        my ($text, $tag) = ($1, $2);
        return "bare & in: $text" if $text =~ /&(?!(?:lt|gt|amp|quot|#39);)/;
        return "bare <: " . substr $html, pos($html) // 0, 40 if $tag eq '<';
        last if $tag eq '';
        my ($end, $name) = $tag =~ m{^<(/?)([a-z0-9]+)};
        next if $name eq 'meta';
        if (!$end) {
            push @open, $name;
        } elsif ((pop @open // '') ne $name) {
            return "</$name> closes nothing";
        }
    }
    return @open ? "left open: @open" : '';
}

# ---- settings ----

{
    my ($out, $status) = $t->test_conf(store => ' ', senda => ' ', server => 'location /s { senda_status; }');
    isnt($status, 0, 'no status without a store');
    like($out, qr/\[emerg\].*"senda_status" is used, but no "senda_store" is defined/, 'said so');
    ($out, $status) = $t->test_conf(server => 'location /s { senda_status all; }');
    like($out, qr/\[emerg\].*invalid parameter "all", it can only be "any"/, 'only any');
    ($out, $status) = $t->test_conf(server => 'location /s { senda_status; senda_status any; }');
    like($out, qr/\[emerg\].*"senda_status" directive is duplicate/, 'once a location');
    ($out, $status) = $t->test_conf(server => 'senda_status;');
    like($out, qr/\[emerg\].*"senda_status" directive is not allowed here/, 'in a location');
}

# ---- before there are rules ----

$t->page("$_.html", 'x') for qw(index heels cart quote address utf8);
$t->start(%conf, workers => 2);
{
    $t->wait_for(sub { !grep { $_->{id} eq 'no_drain' } @{ json()->{problems} } }, 'the drain shows itself');
    my $s = json();
    is($s->{status}, 'error', 'no rules: something does not work');
    is_deeply([map { $_->{id} } @{ $s->{problems} }], ['no_rules'], '… which is said');
    like($s->{problems}[0]{advice}, qr/senda publish/, '… with what to do');
    like($t->get('/senda-status')->body, qr{<h1>Something does not work</h1>.*No rules are published}s,
        '… in words');
}
$t->publish($rules);
$t->wait_for(sub { json()->{rules}{generation} == 1 }, 'the rules are taken up');

# ---- formats ----

{
    my %type = (html => 'text/html; charset=utf-8', json => 'application/json',
        prom => 'text/plain; version=0.0.4; charset=utf-8');
    my @paths = (
        ['/status/' => 'html'], ['/status/html' => 'html'], ['/status/json' => 'json'],
        ['/status/metrics' => 'prom'], ['/status/x.json' => 'json'], ['/status/x.prom' => 'prom'],
        ['/status/a.html' => 'html'], ['/status/xjson' => 'html'], ['/status/json/x' => 'html'],
        ['/status/prom?refresh=1' => 'prom'],
    );
    is($t->get($_->[0])->header('Content-Type'), $type{ $_->[1] }, "$_->[0] is $_->[1]") for @paths;
    is($t->get('/status/json', headers => [Accept => 'text/html'])->header('Content-Type'),
        $type{json}, 'the path goes before Accept');

    my @accepts = (
        ['text/html' => 'html'], ['application/json' => 'json'], ['text/plain' => 'prom'],
        ['*/*' => 'html'], ['image/png' => 'html'], ['' => 'html'], [',;q=,;;' => 'html'],
        ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' => 'html'],
        ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1' => 'prom'],
        ['text/html;q=0.1, application/json' => 'json'], ['application/json;q=0, text/plain' => 'prom'],
        ['APPLICATION/JSON' => 'json'], ['*/*;q=0.1, application/json;q=0.2' => 'json'],
        ['*/*, application/json' => 'json'], ['application/json, */*' => 'json'],
        ['application/*' => 'json'], ['text/*;q=0.4, text/plain;q=0.4' => 'prom'],
        ['application/json;q=zebra, text/plain;q=0.1' => 'prom'],
    );
    is($t->get('/senda-status', headers => [Accept => $_->[0]])->header('Content-Type'),
        $type{ $_->[1] }, "Accept: $_->[0]") for @accepts;
}

# ---- methods ----

for my $path (qw(/senda-status /status/json /status/metrics)) {
    my ($get, $head) = ($t->get($path), $t->get($path, method => 'HEAD'));
    is($head->status, 200, "HEAD $path");
    is($head->body, '', '… has no body');
    cmp_ok(abs($head->header('Content-Length') - length $get->body), '<', 200, '… but its length');
    is($t->get($path, method => $_)->status, 405, "$_ is not allowed") for qw(POST PUT DELETE OPTIONS);
    is($get->header('Cache-Control'), 'no-store', 'nobody stores it');
    like($get->header('Content-Security-Policy'), qr/default-src 'none'/, 'nothing may be loaded or run');
}

# ---- who may see it ----

is($t->get('/any/')->status, 403, 'with any, allow and deny decide');
is($t->get('/open/json')->status, 200, '… and let it through');
{
    my $s = IO::Socket::UNIX->new(Peer => $unix) or die "unix: $!";
    is($t->get('/status/json', socket => $s)->status, 200, 'a unix socket is this machine');

    for my $case (['203.0.113.9', 403], ['127.0.0.1', 200], ['::1', 200], ['::ffff:127.0.0.2', 200],
        ['::ffff:10.0.0.1', 403], ['2001:db8::1', 403], ['128.0.0.1', 403]) {
        my ($address, $status) = @$case;
        is($t->get('/status/json', port => $realip, headers => ['X-Real-IP' => $address])->status,
            $status, "through a proxy for $address");
    }
    is($t->get('/open/json', port => $realip, headers => ['X-Real-IP' => '203.0.113.9'])->status, 200,
        'with any, for everybody');
    for my $case (['203.0.113.9', 403], ['127.0.0.1', 200]) {
        my $p = $t->connect($proxied);
        $p->syswrite("PROXY TCP4 $case->[0] 127.0.0.1 1234 80\r\n");
        is($t->get('/status/json', socket => $p)->status, $case->[1], "proxy protocol for $case->[0]");
    }
}
{
    # The address of this machine in a network: who comes from it is not local, whatever he says.
    my $probe = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '192.0.2.1', PeerPort => 9);
    my $own = $probe ? $probe->sockhost : '';
    SKIP: {
        skip 'this machine has no address but its own', 3 unless $own && $own !~ /^127\./;
        my $port = $t->free_port;
        $t->reload(%conf, workers => 2, servers => $conf{servers} .
            "server { listen $own:$port; set_real_ip_from $own; real_ip_header X-Real-IP; $locations }");
        my $from = sub { IO::Socket::INET->new(PeerAddr => $own, PeerPort => $port, LocalAddr => $own) };
        $t->wait_for($from, 'the new listener');
        is($t->get('/status/json', socket => $from->())->status, 403, 'not local: forbidden');
        is($t->get('/status/json', socket => $from->(), headers => ['X-Real-IP' => '127.0.0.1'])->status,
            403, '… also with a forged address that realip believes');
        is($t->get('/open/json', socket => $from->())->status, 200, '… any');
        $t->reload(%conf, workers => 2);
    }
}

# ---- what it says ----

{
    my %jar;
    my $visits = 0;
    for my $path ('/', '/heels', '/heels', '/cart', '/quote', '/address', '/utf8', '/heels') {
        my $r = $t->get($path, jar => \%jar);
        is($r->status, 200, $path);
        $t->wait_drained;
        ok(!$t->get($_, jar => \%jar)->header('Set-Cookie'), "no cookie from $_")
            for '/senda-status', '/status/json';
    }
    $t->get('/heels', headers => ['User-Agent' => 'Googlebot/2.1 (+http://www.google.com/bot.html)']);
    $t->get('/nothing', jar => \%jar) for 1, 2;
    $t->wait_drained;
    my $journal = $t->journal;
    ok(!grep({ ($_->{path} // '') =~ /stat/ } $t->journal), 'who looks at it is no visit');

    my $s = $t->wait_for(sub { my $s = json(); $s->{board}{live_visitors} == 1 && $s }, 'gauges');
    is($s->{status}, 'ok', 'all well');
    is_deeply($s->{problems}, [], '… no problem');
    my ($site) = @{ $s->{sites} };
    is($site->{host}, 'shop.test', 'the site by a host');
    my %counts = %{ (values %{ $t->counts })[0] };
    my %visits = map { ($_->{name} => $_->{visits}) } @{ $site->{pages} };
    is_deeply(\%visits, { home => 1, heels => 3, cart => 1, "q\"uo\\te'<b>&amp;" => 1,
        '****@*********' => 1, "\x{f1}and\x{fa}" => 1 }, 'visits by page, an address masked');
    is($visits{$_}, $counts{$_}, "$_ as the visitor has it") for qw(home heels cart);
    is($site->{pages}[0]{name}, 'heels', 'the most visited page first');
    is($site->{page_views}, 8, 'page views');
    is_deeply($site->{events}, [{ name => 'view_cart', id => 8, visits => 1 }], 'events');
    is($s->{rings}{dropped}{$_}, $t->rings->{$_} // 0, "dropped: $_") for qw(bot status full);
    is($s->{rings}{dropped}{bot}, 1, 'the bot');
    is_deeply([sort map { $_->{alive} ? $_->{pid} : () } @{ $s->{rings}{list} }], [sort $t->workers],
        'a ring of each worker');
    is($s->{rings}{owned}, 2, '… which are two');
    is($s->{board}{drain_pid}, $t->drain, 'who drains');
    is($s->{board}{journal_records}, scalar($t->journal), 'records');
    is($s->{board}{journal_head}, scalar($t->journal), 'head');
    is($s->{live_behind}, 0, 'nothing behind');
    is($s->{passive}, JSON::PP::false, 'not passive');
    cmp_ok($s->{board}{live_bytes}, '>', 4096, 'bytes of the live store');
    cmp_ok($s->{board}{live_bytes}, '<', $s->{board}{live_size_bytes}, '… of these');
    cmp_ok($s->{board}{journal_bytes}, '>', 4096, 'bytes of the journal');
    cmp_ok($s->{board}{commit_microseconds_max}, '>', 0, 'a commit takes time');

    my $p = prometheus($t->get('/status/metrics')->body);
    is($p->{senda_health}, 0, 'Prometheus: all well');
    is($p->{"senda_problem{problem=\"$_\"}"}, 0, "no problem: $_") for qw(passive no_drain rules_error);
    is($p->{'senda_page_visits_total{site_id="1",site="shop.test",id="2",page="heels"}'}, 3, 'a page');
    is((grep { /page="q\\"uo\\\\te'<b>&amp;"/ } keys %$p), 1, '… with its name escaped');
    is($p->{'senda_dropped_total{reason="bot"}'}, 1, 'a reason');
    is($p->{senda_journal_records_total}, $s->{board}{journal_records}, 'as in JSON');

    my $html = $t->get('/senda-status')->body;
    is(html_mistake($html), '', 'the page is well formed');
    like($html, qr{<h1>All well</h1>}, 'the page says so');
    like($html, qr{q&quot;uo\\te&#39;&lt;b&gt;&amp;amp;}, 'a name escaped');
    unlike($html, qr/anna\@shop/, 'no address');
    unlike($html, qr/<script|http-equiv/, 'no script, no reload by itself');
    like($t->get('/senda-status?refresh=5')->body, qr/<meta http-equiv="refresh" content="5">/, 'a reload');
    unlike($t->get("/senda-status?refresh=$_")->body, qr/http-equiv/, "refresh=$_") for '0', 'x', '-1', '"5';
    like($t->get('/senda-status?refresh=999999999')->body, qr/content="3600"/, 'at most an hour');
}

# ---- a mistake in the rule files, of any bytes ----

{
    my $all = join '', map { chr } 0 .. 255;
    mistake("shop.senda:3:7: \"<script>alert(1)</script>\" said anna.b\@shop.test\n$all\\u0041\n]]>&lt;", time - 7200);
    my $s = $t->wait_for(sub { my $s = json(); length $s->{rules}{error} && $s }, 'the mistake is seen');
    is($s->{status}, 'warning', 'worth a look');
    is_deeply([map { $_->{id} } @{ $s->{problems} }], ['rules_error'], 'why');
    like($s->{rules}{error}, qr/^shop\.senda:3:7: "<script>alert\(1\)<\/script>" said \*{6}\@\*{9}\n/, 'the text');
    like($s->{rules}{error}, qr/\x{0}\x{1}.*~\x{7f}\x{fffd}/s, 'each byte, or its replacement');
    cmp_ok(abs($s->{rules}{error_at_seconds} - time + 7200), '<', 60, 'since when');
    my $html = $t->get('/senda-status')->body;
    is(html_mistake($html), '', 'the page stays well formed');
    like($html, qr{<pre>shop\.senda:3:7: &quot;&lt;script&gt;}, 'quoted');
    like($html, qr/UTC <small>\(2 h ago\)/, 'since when, in words');
    unlike($_, qr/anna|[\x00-\x08\x0b-\x1f\x7f]/, 'no address, no control byte')
        for $html, $t->get('/status/json')->body;
    my $p = prometheus($t->get('/status/metrics')->body);
    is($p->{senda_rules_error}, 1, 'Prometheus knows');
    is($p->{'senda_problem{problem="rules_error"}'}, 1, '… as a problem');
    mistake('', 0);
    $t->wait_for(sub { json()->{status} eq 'ok' }, 'mended');
}

# ---- what the sidecar says of its rule files ----

SKIP: {
    my $senda = "$ENV{SENDA_BUILD}/senda" if $ENV{SENDA_BUILD};
    $senda //= 'build/senda';
    skip 'the sidecar has not been built', 4 unless -x $senda;
    my $dir = $t->dir;
    my $publish = sub {
        my ($text) = @_;
        Senda::Test::spew("$dir/shop.senda", $text);
        Senda::Test::spew("$dir/senda.conf", "store $dir/store\nrules $dir/shop.senda\n");
        my @said = $t->try_run($senda, 'publish', '-c', "$dir/senda.conf");
        $t->share_published;
        return @said;
    };
    my ($out, $status) = $publish->("site shop.test\n  bob\@shop.test nonsense\n");
    isnt($status, 0, 'senda publish refuses a mistake');
    my $s = $t->wait_for(sub { my $s = json(); length $s->{rules}{error} && $s }, 'it is shown');
    like($s->{rules}{error}, qr/shop\.senda:2:\d+: /, 'with file, line, column');
    unlike($s->{rules}{error}, qr/bob\@/, 'without an address');
    ($out, $status) = $publish->("site shop.test\n  timezone Europe/Madrid\n  currency EUR\n  language es\n\npage home /\n");
    is($status, 0, 'a good one is live') or diag($out);
    $t->wait_for(sub { json()->{rules}{error} eq '' }, 'the mistake is gone');
    $t->publish($rules);
}

# ---- bounded ----

{
    as_worker('tool_status', 'rings', $t->live, 200);
    my $s = json();
    cmp_ok($s->{rings}{count}, '>=', 200, 'all rings are in the sums');
    is(scalar @{ $s->{rings}{list} }, 128, '128 one by one');
    cmp_ok($s->{rings}{dropped}{full}, '>=', 200, 'their drops');
    my @first = map { $_->{name} } @{ $s->{rings}{list} }[0 .. 2];
    like($t->get('/senda-status')->body, qr/more are not shown one by one/, 'said on the page');
    is(html_mistake($t->get('/senda-status')->body), '', 'well formed');
    Senda::Test::spew($t->live . '/ring.900', 'no ring');
    symlink '/etc/passwd', $t->live . '/ring.901';
    # The drain may take one of the others away meanwhile: asked until nothing changes.
    ok($t->until(10, sub {
        my $count = json()->{rings}{count};
        unlink $t->live . '/ring.900', $t->live . '/ring.901';
        my $without = json()->{rings}{count};
        Senda::Test::spew($t->live . '/ring.900', 'no ring');
        symlink '/etc/passwd', $t->live . '/ring.901';
        return $count == $without;
    }), 'what is no ring is passed over');
    unlink grep { !/ring\.[01]$/ } glob $t->live . '/ring.*';

    kill STOP => $t->drain;
    as_worker('tool_status', 'totals', $t->live, 16 << 20, 8, 3000);
    kill CONT => $t->drain;
    for my $path (qw(/senda-status /status/json /status/metrics)) {
        my $r = $t->get($path);
        is($r->status, 200, "$path with 24,000 pages");
        cmp_ok(length $r->body, '<', 1 << 20, '… stays below its bound');
    }
    $s = json();
    is($s->{sites_cut}, JSON::PP::true, 'said that there are more');
    cmp_ok(@{ $s->{sites}[1]{pages} }, '==', 100, 'a hundred of a site');
    is((grep { $_->{visits} != 9 } @{ $s->{sites}[1]{pages} }), 0, '… the most visited ones');
    my $rows = 0;
    $rows += 1 + @{ $_->{pages} } + @{ $_->{events} } for @{ $s->{sites} };
    cmp_ok($rows, '<=', 600, 'rows in all');
    is($s->{sites}[1]{pages}[0]{name}, undef, 'a page that is not in the rules has no name');
    prometheus($t->get('/status/metrics')->body);
    is(html_mistake($t->get('/senda-status')->body), '', 'well formed');
}

# ---- things go wrong ----

{
    my $ids = sub { join ' ', map { $_->{id} } @{ json()->{problems} } };
    my $board = sub { $t->run($t->tool('tool_status'), 'board', $t->live, @_) };
    my $now = int time;

    $board->('live_full_at_seconds', $now - 60);
    $board->('dropped_full_at_seconds', $now - 60);
    is($ids->(), 'live_full dropped', 'full, dropped');
    $board->('live_full_at_seconds', $now - 3600);
    $board->('dropped_full_at_seconds', $now - 3600);
    is($ids->(), '', 'long ago: over');
    is(html_mistake($t->get('/senda-status')->body), '', 'well formed');

    my $drain = $t->drain;
    kill STOP => $drain;
    $t->wait_for(sub { $ids->() eq 'no_drain' }, 'a drain that does nothing is noticed');
    like($t->get('/senda-status')->body, qr/No process drains the rings: .* process $drain, is \d+ seconds old/, 'said');
    $board->('journal_failing_since_seconds', $now - 100);
    $board->('live_failing_since_seconds', $now - 100);
    is($ids->(), 'no_drain journal_fails live_fails', 'stores that cannot be written');
    kill CONT => $drain;
    $t->wait_for(sub { $ids->() eq '' }, 'the drain puts it right');

    $t->allow('senda: \d+ processes died in store code');
    $t->run($t->tool('tool_status'), 'deaths', $t->live);
    my $s = json();
    is($s->{passive}, JSON::PP::true, 'passive');
    is($s->{status}, 'error', '… is an error');
    is($s->{problems}[0]{id}, 'passive', '… which is said');
    is_deeply($s->{sites}, [], '… and no store is asked');
    is(html_mistake($t->get('/senda-status')->body), '', 'well formed');
    is(prometheus($t->get('/status/metrics')->body)->{senda_passive}, 1, 'Prometheus: passive');
    is($t->get('/heels')->status, 200, 'pages are served');
    $t->run($t->tool('tool_status'), 'trust', $t->live);
    $t->wait_for(sub { $ids->() eq '' }, 'trusted again');

    open my $board_file, '+<', $t->live . '/board' or die "board: $!";
    print $board_file 'damaged!'; # in place: a mapped file that is cut kills who reads it
    close $board_file;
    is($t->get('/status/json')->status, 200, 'with a damaged board');
    rename $t->store . '/published', $t->store . '/elsewhere';
    is($t->get('/senda-status')->status, 200, 'without published/');
    rename $t->store . '/elsewhere', $t->store . '/published';
    $t->wait_for(sub { $ids->() eq '' }, 'all well again');
    File::Path::remove_tree($t->live);
    is($t->get('/status/metrics')->status, 200, 'without the live folder');
    $t->wait_for(sub { $ids->() eq '' }, 'it is made anew', 20);
}

# ---- with senda off ----

$t->reload(%conf, senda => 'senda off;');
$t->wait_for(sub { json()->{status} eq 'ok' }, 'it works where senda is off');
is($t->get('/heels')->status, 200, 'as pages do');

$t->done;
