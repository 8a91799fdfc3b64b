# The links of messages: where they lead and where never, what a GET leaves behind (nothing), the
# page of channels in its reader's language, and who it is that clicked.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $rules = <<'END';
site shop.test www.shop.test
page home
match GET /
page heels
match GET /heels*
page cart
match GET,POST /cart
END

my $messages = <<'END';
message welcome 1 7 email es
link http://shop.test/heels
link https://shop.test/heels/red?utm_source=mail&x=%20y#top
link http://shop.test/cached
link https://elsewhere.example/
message text 1 8 sms en
link http://shop.test/
message other 1 9 email de
wishes 7 5 1
page 1 es 1 <p lang=es>^t ^Ecorreo<input^e>^E^Stexto<input^s>^S^Pmovil<input^p>^P</p>
page 1 es 2 <p lang=es>guardado ^e|^p</p>
page 1 es 3 <p lang=es>desconocido</p>
page 1 es 4 <p lang=es>luego</p>
page 1 en 1 <p lang=en>channels ^t</p>
page 1 en 3 <p lang=en>unknown</p>
END

# Flags of visits (senda_visit.h).
my ($LANDING, $PAGE, $DRY, $CLICK, $OPEN, $LEAVE, $CHANNELS) = (1, 2, 16, 64, 128, 256, 512);

my $t = Senda::Test->new;
my $generation = $t->publish($rules);
my $tokens = put($messages);
$t->page('index.html', '<p>home</p>');
$t->page('heels.html', '<p>heels</p>');
$t->page('logo.png', 'png');

# Publishes messages; NAME → KIND → [TOKEN of each link].
sub put {
    my ($lines) = @_;
    my ($out, $status) = $t->try_run(\$lines, $t->tool('tool_sent'), 'put', $t->store);
    die "tool_sent: $out" if $status;
    $t->share_published;
    my %tokens;
    for (split /\n/, $out) {
        my ($name, $kind, $link, $token) = split / /;
        $tokens{$name}{$kind}[$link] = $token;
    }
    return \%tokens;
}

sub token {
    my ($kind, $name, $link) = @_;
    my $out = $t->run($t->tool('tool_sent'), 'token', $t->store, $kind, $name, $link // 0);
    return (split / /, $out =~ s/\n//r)[3];
}

sub c { "/senda/c/$tokens->{$_[0]}{c}[$_[1]]" }
sub o { "/senda/o/$tokens->{$_[0]}{o}[0].gif" }
sub u { "/senda/u/$tokens->{$_[0]}{u}[0]" }

# ---- what nginx -t says ----

my $location = 'location /senda/ { senda_endpoint; }';
my ($said, $status) = $t->test_conf(server => $location);
is($status, 0, 'a location of its own: good') or diag $said;
for my $case (
    ['no store', qr/\[emerg\].*"senda_endpoint" is used, but no "senda_store" is defined/,
        store => ' ', senda => '', server => $location],
    ['no key', qr/\[emerg\].*"senda_endpoint" is used, but no "senda_key" is defined.*keygen/,
        store => 'senda_store store live=run/live;', senda => '', server => $location],
    ['an exact location', qr/\[emerg\].*must be in a location that is a prefix/,
        server => 'location = /senda/ { senda_endpoint; }'],
    ['a regular expression', qr/\[emerg\].*must be in a location that is a prefix/,
        server => 'location ~ /senda/ { senda_endpoint; }'],
    ['no slash at its end', qr/\[emerg\].*must be in a location that is a prefix/,
        server => 'location /senda { senda_endpoint; }'],
    ['twice', qr/\[emerg\].*is duplicate/,
        server => 'location /senda/ { senda_endpoint; senda_endpoint; }'],
    ['in a server', qr/\[emerg\].*is not allowed here/, server => 'senda_endpoint;'],
) {
    my ($name, $pattern, @conf) = @$case;
    ($said, $status) = $t->test_conf(@conf);
    isnt($status, 0, "nginx -t, $name: refused");
    like($said, $pattern, "nginx -t, $name: says why");
}
($said, $status) = $t->test_conf(senda => 'senda off;', server => $location);
is($status, 0, 'with senda off it works');
like($said, qr/\[warn\].*links work, but nobody's clicks are recorded/, '… and that is said');

# ---- links ----

$t->start(
    server => <<'END',
    location /senda/ { senda_endpoint; }
    location /dry/ { senda dry_run; senda_endpoint; }
    location /none/ { senda_consent $cookie_consent; senda_endpoint; }
    location /off/ { senda off; senda_endpoint; }
    location /if/ { senda_endpoint; if ($arg_x) { set $x 1; } limit_except GET POST { deny all; } }
    location /cached { return 200 "<p>cached</p>"; add_header Cache-Control "public, max-age=60"; }
    location /heels { try_files /heels.html =404; }
    location /cart { return 200 "<p>cart</p>"; }
    location /hop { return 301 /heels; }
END
);

sub no_keeping {
    my ($r, $name) = @_;
    is($r->header('Cache-Control'), 'no-store', "$name: no cache keeps it");
    is($r->header('Referrer-Policy'), 'no-referrer', "$name: the token goes no further");
    like($r->header('X-Robots-Tag'), qr/noindex/, "$name: no search engine lists it");
}

my @addresses = ('http://shop.test/heels', 'https://shop.test/heels/red?utm_source=mail&x=%20y#top',
    'http://shop.test/cached', 'https://elsewhere.example/');
for my $i (0 .. $#addresses) {
    for my $method (qw(GET HEAD)) {
        my $r = $t->get(c('welcome', $i), method => $method);
        is($r->status, 302, "link $i, $method");
        is_deeply([$r->header('Location')], [$addresses[$i]], "link $i, $method: to its address");
        is($r->body, '', "link $i, $method: no body");
        no_keeping($r, "link $i, $method") if $i == 0;
    }
}
is($t->get(c('welcome', 0) . '?to=https://evil.example/&url=x')->header('Location'), $addresses[0],
    'an argument changes nothing');
is($t->get(c('welcome', 0), headers => ['X-Forwarded-Host' => 'evil.example'],
        host => 'evil.example')->header('Location'), $addresses[0], 'nor does a host');
is($t->get("/if/c/$tokens->{welcome}{c}[0]?x=1")->header('Location'), $addresses[0],
    'within "if"');

my $r = $t->get(o('welcome'));
is($r->status, 200, 'the picture');
is($r->header('Content-Type'), 'image/gif', 'the picture is a GIF');
is(length $r->body, 43, 'the picture has 43 bytes');
like($r->body, qr/^GIF89a\x01\0\x01\0.*;$/s, 'the picture is whole');
no_keeping($r, 'the picture');
is($t->get(o('welcome'), method => 'HEAD')->header('Content-Length'), 43, 'HEAD of the picture');

# ---- what is no link ----

my %unknown = (
    'a click as a page' => "/senda/u/$tokens->{welcome}{c}[0]",
    'a click as a picture' => "/senda/o/$tokens->{welcome}{c}[0].gif",
    'a page as a click' => "/senda/c/$tokens->{welcome}{u}[0]",
    'a picture without its end' => "/senda/o/$tokens->{welcome}{o}[0]",
    'more behind it' => c('welcome', 0) . '/',
    'nothing behind it' => '/senda/c/',
    'a message that nobody published' => '/senda/c/' . token('c', 'nobody', 0),
    'a link that the message has not' => '/senda/c/' . token('c', 'welcome', 4),
    'a link far beyond' => '/senda/c/' . token('c', 'welcome', 65535),
    'another kind' => '/senda/x/' . $tokens->{welcome}{c}[0],
    'the location itself' => '/senda/',
    'an address' => '/senda/c/https://evil.example/',
    'an address with two slashes' => '/senda///evil.example/',
    'a line break' => '/senda/c/%0d%0aLocation:%20https://evil.example/',
);
for my $name (sort keys %unknown) {
    for my $method (qw(GET HEAD)) {
        my $answer = $t->get($unknown{$name}, method => $method);
        is($answer->status, 404, "$name, $method: unknown");
        is_deeply([$answer->header('Location')], [], "$name, $method: no redirect");
    }
}
$r = $t->get($unknown{'the location itself'}, headers => ['Accept-Language' => 'es-ES,es;q=0.9']);
like($r->body, qr/desconocido/, 'the site has a page for that, in Spanish');
$r = $t->get($unknown{'the location itself'}, headers => ['Accept-Language' => 'en']);
like($r->body, qr/unknown/, '… and in English');
no_keeping($r, 'the page of what is unknown');

for my $case (
    [c('welcome', 0), 'GET, HEAD', qw(POST PUT DELETE OPTIONS PATCH)],
    [o('welcome'), 'GET, HEAD', qw(POST PUT)],
    [u('welcome'), 'GET, HEAD, POST', qw(PUT DELETE OPTIONS)],
) {
    my ($path, $allowed, @methods) = @$case;
    for my $method (@methods) {
        my $answer = $t->get($path, method => $method, body => 'action=leave',
            headers => ['Content-Type' => 'application/x-www-form-urlencoded']);
        is($answer->status, 405, "$method " . substr($path, 0, 9) . ': refused');
        is($answer->header('Allow'), $allowed, "$method: what is allowed");
    }
}
is($t->get("/if/u/$tokens->{welcome}{u}[0]", method => 'PUT', body => '')->status, 403,
    'limit_except comes first');

# ---- the page of channels ----

$r = $t->get(u('welcome'));
is($r->status, 200, 'the page of channels');
is($r->body, "<p lang=es>$tokens->{welcome}{u}[0] correo<input checked>movil<input></p>",
    'in the language of its reader, with his channels and no others');
is($r->header('Content-Type'), 'text/html; charset=utf-8', 'its type');
no_keeping($r, 'the page of channels');
like($r->header('Content-Security-Policy'), qr/default-src 'none'; .*form-action 'self'/, 'no script');
is($r->header('X-Frame-Options'), 'DENY', 'nobody frames it');
is($r->header('X-Content-Type-Options'), 'nosniff', 'nobody takes it for something else');
is_deeply([$r->header('Set-Cookie')], [], 'it sets no cookie');
is($t->get(u('text'))->body, "<p lang=en>channels $tokens->{text}{u}[0]</p>", 'another language');
$r = $t->get(u('other'));
is($r->status, 200, 'a language without a page');
like($r->body, qr/<p lang=e[sn]>/, '… gets one of the site');
$r = $t->get(u('welcome'), method => 'HEAD');
is($r->status, 200, 'HEAD of the page');
is($r->body, '', '… without a body');
$t->wait_drained;
is(join(',', map { "$_->{flags} $_->{visitor}" } $t->journal), "$OPEN " . '0' x 32,
    'up to here one picture was shown, to no visitor; no link and no page has left anything');
is_deeply($t->counts, {}, '… or in live/');

# ---- POST ----

my $form = ['Content-Type' => 'application/x-www-form-urlencoded'];

# What the journal has more than before.
my $seen = 0;
sub fresh {
    $t->wait_drained;
    my @all = $t->journal;
    my @new = @all[$seen .. $#all];
    $seen = @all;
    return @new;
}

sub answers {
    my ($name, $expected, $path, %o) = @_;
    fresh();
    my $answer = $t->get($path, method => 'POST', %o);
    # durable before its answer: no waiting for the drain here
    my @new = ($t->journal)[$seen .. $seen];
    my ($flags, $channels) = @$expected;
    is($answer->status, 200, "$name: answered");
    is($new[0]{flags}, $flags, "$name: in the journal before the answer");
    is($new[0]{channels}, $channels, "$name: the channels");
    is($new[0]{visitor}, '0' x 32, "$name: of no visitor");
    is($new[0]{site}, 1, "$name: of the message's site");
    is_deeply([$answer->header('Set-Cookie')], [], "$name: no cookie");
    is(scalar(fresh()), 1, "$name: one record");
    return $answer;
}

$r = answers('one click', [$LEAVE, 0], u('welcome'), headers => $form,
    body => 'List-Unsubscribe=One-Click');
is($r->body, '<p lang=es>guardado |</p>', 'the page says what is so now, not what was');
my $parts = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
answers('one click in parts', [$LEAVE, 0], u('welcome'),
    headers => ['Content-Type' => 'multipart/form-data; boundary=b'], body => $parts);
answers('leave', [$LEAVE, 0], u('text'), headers => $form, body => 'channel=sms&action=leave');
$r = answers('save', [$CHANNELS, 5], u('welcome'), headers => $form,
    body => 'channel=email&channel=push&action=save');
is($r->body, '<p lang=es>guardado  checked| checked</p>', 'what was saved is shown');
answers('save nothing', [$CHANNELS, 0], u('welcome'), headers => $form, body => 'action=save');
answers('in a dry run it counts all the same', [$LEAVE, 0], "/dry/u/$tokens->{welcome}{u}[0]",
    headers => $form, body => 'action=leave');
answers('without consent', [$LEAVE, 0], "/none/u/$tokens->{welcome}{u}[0]", headers => $form,
    body => 'action=leave');
answers('with senda off', [$LEAVE, 0], "/off/u/$tokens->{welcome}{u}[0]", headers => $form,
    body => 'action=leave');
answers('of a program that is no browser', [$LEAVE, 0], u('welcome'),
    headers => [@$form, 'User-Agent' => 'Googlebot/2.1'], body => 'List-Unsubscribe=One-Click');

# In pieces, and in chunks: nginx asks for the rest.
for my $case (['Content-Length: 26', map { [$_, $_] } qw(List- Unsubscribe =One- Click)],
    ['Transfer-Encoding: chunked', map { [$_, sprintf "%x\r\n%s\r\n", length $_, $_] }
        qw(List- Unsubscribe =One- Click)]) {
    my ($header, @pieces) = @$case;
    my $s = $t->connect;
    $s->autoflush(1);
    print $s "POST " . u('welcome') . " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n$header\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    for my $piece (@pieces) {
        select undef, undef, undef, 0.02; # a slow client
        print $s $piece->[1];
    }
    print $s "0\r\n\r\n" if $header =~ /chunked/;
    $r = Senda::Test::read_answer($s, 'POST', 1);
    is($r->status, 200, "a slow body, $header");
    my @new = fresh();
    is(join(',', map { $_->{flags} } @new), $LEAVE, "… one record") or diag explain \@new;
}

# A connection that is kept serves on after each answer.
my $kept = $t->connect;
for my $case ([u('welcome'), 'POST', 'action=leave', 200], [u('welcome'), 'POST', 'nonsense', 400],
    [c('welcome', 0), 'GET', undef, 302], ['/senda/c/x', 'GET', undef, 404],
    [u('welcome'), 'POST', 'List-Unsubscribe=One-Click', 200], [o('welcome'), 'GET', undef, 200]) {
    my ($path, $method, $body, $expected) = @$case;
    my $answer = $t->get($path, method => $method, body => $body, socket => $kept, headers => $form);
    is($answer->status, $expected, "kept connection: $method $expected");
}
close $kept;
fresh();

for my $case (
    ['nothing', $form, ''],
    ['another word', $form, 'action=delete'],
    ['two words', $form, 'action=save&action=leave'],
    ['no such channel', $form, 'action=save&channel=fax'],
    ['another type', ['Content-Type' => 'text/plain'], 'action=leave'],
    ['parts that are not closed', ['Content-Type' => 'multipart/form-data; boundary=b'],
        substr($parts, 0, -4)],
) {
    my ($name, $headers, $body) = @$case;
    $r = $t->get(u('welcome'), method => 'POST', headers => $headers, body => $body);
    is($r->status, 400, "POST, $name: 400");
    like($r->body, qr/correo/, "POST, $name: the page is shown again");
}
for my $path ('/senda/u/' . token('u', 'nobody'), "/senda/u/$tokens->{welcome}{c}[0]", '/senda/u/x') {
    $r = $t->get($path, method => 'POST', headers => $form, body => 'action=leave');
    ok($r->status == 404 || $r->status == 405, 'POST to no link: ' . $r->status);
}
for my $size (8192, 8193, 100_000, 900_000) {
    my $body = 'action=leave&x=' . 'x' x ($size - 15);
    $r = $t->get(u('welcome'), method => 'POST', headers => $form, body => $body);
    is($r->status, $size > 8192 ? 413 : 200, "a body of $size bytes");
    my $chunked = join('', map { sprintf "%x\r\n%s\r\n", length $_, $_ } $body =~ /(.{1,4000})/g) . "0\r\n\r\n";
    my $s = $t->connect;
    print $s "POST " . u('welcome') . " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n"
        . "Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n$chunked";
    $s->flush;
    $r = Senda::Test::read_answer($s, 'POST', 1);
    is($r->status, $size > 8192 ? 413 : 200, "the same in chunks");
}
is(join(',', map { $_->{flags} } fresh()), "$LEAVE,$LEAVE", 'what was refused left nothing');

# ---- who clicked ----

my $from_shop = ['Referer' => 'http://shop.test/heels'];

sub jar_of { # somebody whom live/ knows
    my $jar = {};
    $t->get('/', jar => $jar);
    $t->get('/', jar => $jar);
    $t->wait_for(sub { scalar grep { $_->{visitor} !~ /^0+$/ } fresh(); $t->get('/', jar => $jar);
        keys %{ $t->counts } }, 'somebody is known');
    return $jar;
}
my $jar = jar_of();
fresh();
my ($visitor) = keys %{ $t->counts };
$r = $t->get(c('welcome', 1), jar => $jar);
my @new = fresh();
is(scalar @new, 1, 'a click of somebody who is known: one record') or diag explain \@new;
is_deeply([@{ $new[0] }{qw(flags visitor message link keys site generation)}],
    [$CLICK, $visitor, 'welcome', 1, 'message_click', 1, $generation], '… with message, link, visitor');
is_deeply([$r->header('Set-Cookie')], [], '… and no other cookie');
is($t->counts->{$visitor}{message_click}, 1, '… counted once in live/');
$t->get("/dry/c/$tokens->{welcome}{c}[0]", jar => $jar);
@new = fresh();
is(join(',', map { $_->{flags} } @new), $CLICK | $DRY, 'in a dry run: marked as one');
for my $case (['HEAD', method => 'HEAD'], ['a robot', headers => ['User-Agent' => 'Googlebot/2.1']],
    ['a prefetch', headers => ['Sec-Purpose' => 'prefetch']]) {
    my ($name, %o) = @$case;
    is($t->get(c('welcome', 0), jar => $jar, %o)->status, 302, "$name: led on");
    is(scalar(fresh()), 0, "$name: no click");
}
my %same = %$jar;
is($t->get("/off/c/$tokens->{welcome}{c}[0]", jar => \%same)->status, 302, 'senda off: led on');
is(scalar(fresh()), 0, 'senda off: no click');

# A new browser: cookie with the click, the page that it leads to, then the shop's next request.
sub click_anew {
    my ($link) = @_;
    my $fresh = {};
    my $answer = $t->get(c('welcome', $link), jar => $fresh);
    is(scalar(my @cookies = $answer->header('Set-Cookie')), 1, 'a new browser gets a cookie');
    return $fresh;
}
fresh();
$jar = click_anew(0);
my $before = $jar->{senda};
is($t->get('/heels', jar => $jar)->status, 200, 'the page that it leads to');
isnt($jar->{senda}, $before, '… is noted in the cookie');
is(scalar(fresh()), 0, '… and nowhere else');
$t->get('/logo.png', jar => $jar, headers => $from_shop);
@new = fresh();
is(scalar @new, 1, 'a picture of that page: the cookie has come back') or diag explain \@new;
is($new[0]{flags}, $CLICK | $LANDING | $PAGE, '… click and page are one record');
is_deeply([@{ $new[0] }{qw(message link keys path)}], ['welcome', 0, 'heels,message_click', '/heels'],
    '… of that link, to that page');
my $clicker = $new[0]{visitor};
is($t->counts->{$clicker}{any}, 1, 'one page view');
is($t->counts->{$clicker}{message_click}, 1, 'one click');
$t->get($_, jar => { senda => $jar->{senda} }, headers => $from_shop) for ('/logo.png') x 5;
is(scalar(fresh()), 0, 'the landing that is repeated is dropped');
$t->get('/cart', jar => $jar, headers => $from_shop);
is(join(',', map { "$_->{flags} $_->{keys}" } fresh()), "$PAGE cart", 'the next page is a page');
$t->get(c('welcome', 0), jar => $jar);
is(join(',', map { $_->{flags} } fresh()), $CLICK, 'the next click is recorded at once');

$jar = click_anew(0);
$t->get('/heels', jar => $jar);
$t->get('/cart', jar => $jar, headers => ['Sec-Fetch-Site' => 'same-origin']);
is(join(',', map { "$_->{flags} $_->{keys}" } fresh()),
    ($CLICK | $LANDING | $PAGE) . " heels,message_click,$PAGE cart",
    'a browser that sends no Referer says so otherwise');

# To a page that caches keep, there is no cookie to be made anew: the click comes alone.
$jar = click_anew(2);
$before = $jar->{senda};
$t->get('/cached', jar => $jar);
is($jar->{senda}, $before, 'a page that caches keep sets no cookie');
$t->get('/cart', jar => $jar, headers => ['Referer' => 'http://shop.test/cached']);
is(join(',', map { "$_->{flags} $_->{keys}" } fresh()),
    ($CLICK | $LANDING) . " message_click,$PAGE cart", 'the click comes back all the same');

# Without consent there is neither; with Sec-GPC neither.
my $refused = {};
$t->get("/none/c/$tokens->{welcome}{c}[0]", jar => $refused);
is_deeply($refused, {}, 'no consent: no cookie');
$t->get("/none/c/$tokens->{welcome}{c}[0]", jar => { senda => $jar->{senda} });
$refused = {};
$t->get(c('welcome', 0), jar => $refused, headers => ['Sec-GPC' => '1']);
is_deeply($refused, {}, 'Sec-GPC: no cookie');
is(scalar(grep { $_->{flags} & $CLICK } fresh()), 0, '… and no click');

# An open: of nobody, by no robot.
$t->get(o('welcome'), jar => { senda => $jar->{senda} });
@new = fresh();
is(join(',', map { "$_->{flags} $_->{message} $_->{visitor}" } @new),
    "$OPEN welcome " . '0' x 32, 'an open is of no visitor');
$t->get(o('welcome'), headers => ['User-Agent' => 'Googlebot/2.1']);
$t->get(o('welcome'), headers => ['Sec-GPC' => '1']);
$t->get("/off/o/$tokens->{welcome}{o}[0].gif");
is(scalar(fresh()), 0, 'robots open nothing');

# ---- F22: programs that read mail ----

my @links = (map({ c('welcome', $_) } 0 .. 3), c('text', 0), u('welcome'), u('text'));
my %live = %{ $t->counts };

# Follows redirects within the shop; the number of requests.
sub follow {
    my ($path, %o) = @_;
    for my $n (1 .. 5) {
        my $answer = $t->get($path, %o);
        my ($to) = ($answer->header('Location') // '') =~ m{^https?://shop\.test(/[^#]*)};
        return $n unless $to;
        $o{headers} = [@{ $o{headers} // [] }, Referer => "http://shop.test$path"] if $o{chain};
        $path = $to;
    }
}

my $requests = 0;
my %scanner = (
    'a plain one' => sub { $t->get($_) for @links; @links },
    'one that asks for heads' => sub { $t->get($_, method => 'HEAD') for @links; @links },
    'one that follows redirects' => sub { follow($_) for @links; 2 * @links },
    'one with cookies' => sub { my $jar = {}; $t->get($_, jar => $jar) for @links; @links },
    'one with cookies that follows redirects' => sub {
        my $jar = {}; my $n = 0; $n += follow($_, jar => $jar) for @links; $n },
    '… that comes again' => sub {
        my $jar = {}; my $n = 0;
        for (1 .. 3) { $n += follow($_, jar => $jar) for @links }
        $n },
    '… that says where it comes from' => sub {
        my $jar = {}; my $n = 0; $n += follow($_, jar => $jar, chain => 1) for @links; $n },
    '… that asks for all links first' => sub {
        my $jar = {}; my $n = 0;
        $n += $t->get($_, jar => $jar)->status ? 1 : 0 for @links;
        $n += $t->get($_, jar => $jar)->status ? 1 : 0 for qw(/heels /heels/red /cached /);
        $n },
    '… that loads the pictures of the message' => sub {
        my $jar = {}; my $n = 0;
        for (@links) { $n += follow($_, jar => $jar); $t->get('/logo.png', jar => $jar); $n++ }
        $n },
    'one that says what it is' => sub {
        my $jar = {};
        $t->get($_, jar => $jar, headers => ['User-Agent' => 'Mozilla/5.0 (compatible; BarracudaCentral; +http://x)'])
            for @links;
        @links },
    'one with a cookie that it made itself' => sub {
        $t->get($_, headers => [Cookie => 'senda=' . 'A' x 60]) for @links; @links },
    'one that tries each method' => sub {
        for my $path (@links) { $t->get($path, method => $_) for qw(OPTIONS PUT DELETE PATCH) } 4 * @links },
    'one that posts what it does not know' => sub {
        $t->get($_, method => 'POST', body => '') for @links; @links },
    'one with arguments' => sub { $t->get("$_?List-Unsubscribe=One-Click&action=leave") for @links; @links },
);
for my $name (sort keys %scanner) {
    $requests += $scanner{$name}->();
    my @left = fresh();
    is(scalar @left, 0, "$name: the journal has nothing new") or diag explain \@left;
}
is_deeply($t->counts, \%live, 'live/ is as it was');
figure('F22', keys(%scanner) . " programs that read mail, $requests requests, nothing changed");

# ---- F23: altered tokens ----

my $altered = full(10_000, 1_000_000);

my @letters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
my %good = map { $_ => 1 } map { @{ $_->{c} // [] } } values %$tokens;
my @made = sort keys %good;
my ($tried, %got) = (0);
srand 20221122;
$kept = $t->connect;
my $of_this = 0;
while ($tried < $altered) {
    my $token = $made[rand @made];
    if ($tried % 3 == 0) {
        substr $token, int rand 43, 1, $letters[rand 64];
    } elsif ($tried % 3 == 1) {
        my ($at, $other) = (1 + int rand 42, $made[rand @made]);
        $token = substr($token, 0, $at) . substr $other, $at;
    } else {
        $token = join '', map { $letters[rand 64] } 1 .. 43;
    }
    next if $good{$token};
    if (++$of_this == 1000) { # nginx closes a connection after so many
        close $kept;
        ($kept, $of_this) = ($t->connect, 1);
    }
    $r = $t->get("/senda/c/$token", socket => $kept);
    $got{ $r->status }++;
    $got{redirect}++ if $r->header('Location');
    $tried++;
}
close $kept;
is_deeply(\%got, { 404 => $altered }, "$altered altered tokens: unknown, no redirect") or diag explain \%got;
cmp_ok($t->rings->{token}, '>=', $altered, '… and counted');
figure('F23', "$tried altered links, none led anywhere");

# ---- the store of the sidecar is gone, or was never there ----

is(scalar(fresh()), 0, 'nothing of all that is in the journal');
rename $t->store . '/published', $t->store . '/away' or die $!;
mkdir $t->store . '/published' or die $!;
chmod 02777, $t->store . '/published';
$t->wait_for(sub { $t->get(c('welcome', 0))->status == 503 }, 'published/ is missed');
$r = $t->get(u('welcome'));
is($r->status, 503, 'what cannot be looked up is not denied');
ok($r->header('Retry-After'), '… but put off');
like($r->body, qr/try again/, '… on a plain page');
$r = $t->get(u('welcome'), method => 'POST', headers => $form, body => 'action=leave');
is($r->status, 503, 'POST too');
rmdir $t->store . '/published' or diag "rmdir: $!";
rename $t->store . '/away', $t->store . '/published' or die $!;
$t->wait_for(sub { $t->get(c('welcome', 0))->status == 302 }, 'published/ is back');
is(scalar(grep { $_->{flags} & ($LEAVE | $CHANNELS) } fresh()), 0, 'what was put off was not kept');

$t->done;
