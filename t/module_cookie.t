# The visitor's cookie: its attributes, when it is set and when not, the landing visit that it
# carries, forged ones, floods without it.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page heels
match GET /heels*
page cart
match GET /cart
page signup sign_up
match POST /signup
page guide
match GET /guide.pdf
page one
match GET /one
page add
match POST /form
site blog.named.test
page entry
match GET /*
END

my $t = Senda::Test->new;
$t->publish($rules);
$t->page('index.html', '<p>home</p>');
$t->page('heels.html', '<p>heels</p>');
$t->page('guide.pdf', 'PDF');
$t->page('style.css', 'p {}');
$t->page('secret.html', '<p>secret</p>');
$t->start(
    http => 'map $http_x_form $form { default 200; }',
    server => <<'END',
    error_page 418 = @form;
    location = /cart { return 200 "<p>cart</p>"; }
    location = /private { add_header Cache-Control private; return 200 "<p>x</p>"; }
    location = /public { add_header Cache-Control public; return 200 "<p>x</p>"; }
    location = /s-maxage { add_header Cache-Control "max-age=0, s-maxage=60"; return 200 "<p>x</p>"; }
    location = /max-age { add_header Cache-Control max-age=60; return 200 "<p>x</p>"; }
    location = /max-age-0 { add_header Cache-Control max-age=0; return 200 "<p>x</p>"; }
    location = /expires { expires 1h; return 200 "<p>x</p>"; }
    location = /expires-epoch { expires epoch; return 200 "<p>x</p>"; }
    location = /expires-header { add_header Expires "Thu, 31 Dec 2099 23:59:59 GMT"; return 200 "<p>x</p>"; }
    location = /private-age { add_header Cache-Control "private, max-age=60"; return 200 "<p>x</p>"; }
    location = /no-store { add_header Cache-Control "no-store"; return 200 "<p>x</p>"; }
    location = /missing { return 404 "<p>x</p>"; }
    location = /moved { return 302 /; }
    location = /broken { return 500 "<p>x</p>"; }
    location = /json { default_type application/json; return 200 "{}"; }
    location = /signup { return 303 /; }
    location ~ /\.env|wp-login { return 200 "<p>x</p>"; }
    location = /off { senda off; return 200 "<p>x</p>"; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:${\$t->port};
        server_name named.test;
        senda on;
        senda_consent always;
        senda_site shop.test;
        senda_cookie who domain=named.test max-age=2h;
        location / { return 200 "<p>x</p>"; }
    }
    server {
        listen 127.0.0.1:${\$t->port};
        server_name blog.named.test;
        senda on;
        senda_consent always;
        senda_cookie who domain=named.test max-age=2h;
        location / { return 200 "<p>x</p>"; }
    }
    server {
        listen 127.0.0.1:${\$t->port};
        server_name private.test;
        senda on;
        senda_consent always;
        senda_site shop.test;
        senda_cookie senda private;
        location / { add_header Cache-Control \$http_x_control; return 200 "<p>x</p>"; }
        location = /expires { expires 1h; return 200 "<p>x</p>"; }
        location = /two { add_header Cache-Control public; add_header Cache-Control max-age=60; return 200 "<p>x</p>"; }
        location = /json { add_header Cache-Control public; default_type application/json; return 200 "{}"; }
    }
    server {
        listen 127.0.0.1:${\$t->port};
        server_name off.test;
        senda on;
        senda_consent always;
        senda_site shop.test;
        senda_cookie off;
        location / { return 200 "<p>\$senda_visitor</p>"; }
    }
    server {
        listen 127.0.0.1:${\$t->port};
        server_name stranger.test;
        senda on;
        senda_consent always;
        location / { return 200 "<p>x</p>"; }
    }
END
);

my $value = qr/[A-Za-z0-9_-]+/;

subtest 'attributes' => sub {
    my ($cookie, @more) = $t->get('/')->header('Set-Cookie');
    like($cookie, qr{^senda=$value; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax$}, 'default');
    is(scalar(@more), 0, 'one cookie');
    is($t->get('/', host => 'named.test')->header('Set-Cookie') =~ s/=$value;/=…;/r,
        'who=…; Path=/; Max-Age=7200; Domain=named.test; HttpOnly; SameSite=Lax',
        'name, domain, age as set');
    is($t->get('/', host => 'stranger.test')->header('Set-Cookie'), undef, 'a host of no site');
};

subtest 'which responses carry one' => sub {
    for my $path ('/', '/heels.html', '/cart', '/secret.html', '/guide.pdf', '/private',
        '/private-age', '/no-store', '/max-age-0', '/expires-epoch')
    {
        ok(defined $t->get($path)->header('Set-Cookie'), "$path: yes");
    }
    for my $path ('/public', '/s-maxage', '/max-age', '/expires', '/expires-header', '/missing',
        '/moved', '/broken', '/json', '/style.css', '/nowhere.html', '/off', '/.env', '/wp-login.php')
    {
        is($t->get($path)->header('Set-Cookie'), undef, "$path: no");
    }
    is($t->get('/', method => 'HEAD')->header('Set-Cookie'), undef, 'HEAD: no');
    is($t->get('/', headers => [Range => 'bytes=0-1'])->header('Set-Cookie'), undef, 'range: no');
    for my $case (['Sec-Purpose' => 'prefetch;prerender'], ['Purpose' => 'prefetch'],
        ['Purpose' => 'preview'], ['X-Purpose' => 'preview'], ['X-Moz' => 'prefetch'])
    {
        is($t->get('/', headers => $case)->header('Set-Cookie'), undef, "@$case: no");
    }
    is($t->get('/', headers => ['User-Agent' => 'Googlebot/2.1'])->header('Set-Cookie'), undef,
        'bot: no');
    is($t->get('/', headers => ['User-Agent' => undef])->header('Set-Cookie'), undef,
        'no user agent: no');
    my $r = $t->get('/heels.html');
    is($t->get('/heels.html', headers => ['If-None-Match' => $r->header('ETag')])->status, 304,
        'a 304 …');
    is($t->get('/heels.html', headers => ['If-None-Match' => $r->header('ETag')])
            ->header('Set-Cookie'), undef, '… carries none');
    ok(defined $t->get('/signup', body => 'x=1')->header('Set-Cookie'), 'POST of a page, 303: yes');
    is($t->get('/moved', body => 'x=1')->header('Set-Cookie'), undef, 'POST of no page: no');
};

subtest 'nothing is stored until it comes back' => sub {
    $t->get('/') for 1 .. 200;
    $t->wait_drained;
    is_deeply($t->counts, {}, 'no profile');
    is_deeply([$t->journal], [], 'no visit');
};

subtest 'the landing visit comes with it' => sub {
    my $jar = {};
    $t->get('/heels.html?color=red', jar => $jar);
    my $first = $jar->{senda};
    my $r = $t->get('/cart', jar => $jar);
    $t->wait_drained;
    my ($landing, $second, @more) = $t->journal;
    is($landing->{flags}, 3, 'a landing page view');
    is($landing->{path}, '/heels.html', 'its path');
    is($landing->{keys}, 'heels', 'its page');
    is($second->{flags}, 2, 'then the visit that brought it');
    is($second->{keys}, 'cart', 'and its page');
    is($landing->{visitor}, $second->{visitor}, 'one visitor');
    is(scalar(@more), 0, 'no more');
    cmp_ok($landing->{at}, '<=', $second->{at}, 'in order');

    $r = $t->get('/', jar => $jar);
    ok(defined $r->header('Set-Cookie'), 'known: the cookie is made anew');
    isnt($jar->{senda}, $first, '… without the landing');
    cmp_ok(length $jar->{senda}, '<', length $first, '… and shorter');
    is($t->get('/', jar => $jar)->header('Set-Cookie'), undef, '… once');

    $t->get('/cart', jar => { senda => $first }) for 1 .. 5;
    $t->wait_drained;
    my $counts = $t->counts;
    is_deeply($counts->{ $second->{visitor} }, { any => 9, heels => 1, home => 2, cart => 6 },
        'a landing that is repeated counts once');
    is(scalar(grep { $_->{flags} & 1 } $t->journal), 1, '… and stands once in the journal');
};

subtest 'a landing that another site brings back' => sub {
    my $jar = {};
    my $before = () = $t->journal;
    $t->get('/one', jar => $jar, host => 'named.test');
    $t->get('/two', jar => $jar, host => 'blog.named.test');
    $t->wait_drained;
    my @new = ($t->journal)[$before .. $before + 1];
    is($new[0]{path}, '/one', 'the landing …');
    is($new[1]{path}, '/two', '… and what came after');
    isnt($new[0]{site}, $new[1]{site}, 'each of its own site');
    is($new[0]{keys}, 'one', '… with a page of that site\'s rules alone');
    isnt($new[1]{keys}, '', '… and of the other\'s');

    $jar = {};
    $before = () = $t->journal;
    $t->get('/form', jar => $jar, host => 'named.test', body => 'a=b');
    $t->get('/two', jar => $jar, host => 'blog.named.test');
    $t->wait_drained;
    is(($t->journal)[$before]{keys}, 'add', 'a form too');
};

subtest 'landing of a form' => sub {
    my $jar = {};
    my $before = () = $t->journal;
    $t->get('/signup', jar => $jar, body => 'a=b');
    $t->get('/', jar => $jar);
    $t->wait_drained;
    my @new = ($t->journal)[$before .. $before + 1];
    is($new[0]{keys}, 'signup,sign_up', 'the method is kept too');
    is($new[0]{flags}, 3, 'as a landing');
};

subtest 'a landing brought back by an asset' => sub {
    my $jar = {};
    my $before = () = $t->journal;
    $t->get('/cart', jar => $jar);
    $t->get('/style.css', jar => $jar);
    $t->wait_drained;
    my @new = ($t->journal)[$before .. $before + 1];
    is($new[0]{keys}, 'cart', 'the page is kept');
    is($new[1], undef, 'the asset is none');
};

subtest 'long addresses' => sub {
    my $jar = {};
    my $before = () = $t->journal;
    $t->get('/heels' . 'x' x 300 . '?q=' . 'y' x 900, jar => $jar);
    is(keys %$jar, 0, 'not found: no cookie');
    $t->get('/cart?q=' . 'y' x 900, jar => $jar);
    cmp_ok(length $jar->{senda}, '<', 768, 'the cookie stays small');
    $t->get('/', jar => $jar);
    $t->wait_drained;
    is(($t->journal)[$before]{keys}, 'cart', 'the path is kept, the arguments are not');
};

subtest 'forged cookies' => sub {
    my $jar = {};
    $t->get('/', jar => $jar);
    $t->get('/', jar => $jar);
    $t->wait_drained;
    my $visits = () = $t->journal;
    my $good = $jar->{senda};
    my $refused = $t->rings->{cookie};
    my $tried = 0;
    for my $i (0 .. length($good) - 1) {
        my $bad = $good;
        substr($bad, $i, 1) = substr($bad, $i, 1) eq 'A' ? 'Q' : 'A';
        my $r = $t->get('/cart', headers => [Cookie => "senda=$bad"]);
        $tried++ if defined $r->header('Set-Cookie');
    }
    is($tried, length $good, 'each is answered with a new cookie');
    $t->get('/cart', headers => [Cookie => "senda=$_"])
        for 'x', substr($good, 1), $good x 9, '%00', "$good$good", 'A' x 4000;
    $t->wait_drained;
    is(scalar(() = $t->journal), $visits, 'nothing is recorded for them');
    is($t->rings->{cookie} - $refused, length($good) + 6, 'each is counted');
};

subtest 'age' => sub {
    for my $case ([0, 0, 1], [29, 0, 1], [31, 1, 1], [364, 1, 1], [366, 1, 0]) {
        my ($days, $made, $known) = @$case;
        my ($visitor, $value) = split ' ', $t->run($t->tool('tool_rules'), 'cookie', $t->store, $days);
        my $jar = { senda => $value };
        my $r = $t->get('/cart', jar => $jar);
        is(defined $r->header('Set-Cookie') ? 1 : 0, $made, "$days days old: made anew: $made");
        $t->get('/cart', jar => $jar);
        $t->wait_drained;
        is($t->counts->{$visitor}{cart}, $known ? 2 : undef, "… the visitor is known: $known");
    }
    my ($visitor, $value) = split ' ', $t->run($t->tool('tool_rules'), 'cookie', $t->store, -2);
    ok(defined $t->get('/', jar => { senda => $value })->header('Set-Cookie'), 'from the future: no');
};

subtest 'other cookies around it' => sub {
    my $jar = {};
    $t->get('/', jar => $jar);
    my $before = () = $t->journal;
    $t->get('/cart', headers => [Cookie => "a=b; xsenda=1; senda=$jar->{senda}; c=\"d;e\""]);
    $t->wait_drained;
    is(scalar(() = $t->journal), $before + 2, 'found among others');
    is(scalar(keys %{ $t->counts }), scalar(keys %{ { map { $_->{visitor} => 1 } $t->journal } }),
        'one profile a visitor');
};

subtest 'made private where the directive says so' => sub {
    for my $case (['public', 'private'], ['public, max-age=60', 'private, max-age=60'],
        ['max-age=60', 'private, max-age=60'], ['PUBLIC,S-MaxAge=60 , max-age=5', 'private, max-age=5'],
        ['s-maxage=60, must-revalidate', 'private, must-revalidate'], ['no-store', 'no-store'],
        ['private, max-age=60', 'private, max-age=60'], ['max-age=0', 'max-age=0'])
    {
        my ($said, $expected) = @$case;
        my $r = $t->get('/', host => 'private.test', headers => ['X-Control' => $said]);
        ok(defined $r->header('Set-Cookie'), "$said: a cookie");
        is(join('|', $r->header('Cache-Control')), $expected, "… with $expected");
    }
    for my $path ('/expires', '/two') {
        my $r = $t->get($path, host => 'private.test');
        ok(defined $r->header('Set-Cookie'), "$path: a cookie");
        like(join('|', $r->header('Cache-Control')), qr/^private, max-age=\d+$/, '… one header');
        is($r->header('Expires'), undef, '… and no Expires');
    }
    my $jar = {};
    $t->get('/', host => 'private.test', jar => $jar);
    my $r = $t->get('/', host => 'private.test', jar => $jar, headers => ['X-Control' => 'public']);
    is($r->header('Cache-Control'), 'public', 'who has a cookie gets the page as it is');
    is($r->header('Set-Cookie'), undef, '… without another one');
    is($t->get('/json', host => 'private.test')->header('Cache-Control'), 'public',
        'and so is what would carry none');
    is($t->get('/', host => 'private.test', headers => ['X-Control' => 'public',
        'User-Agent' => 'Googlebot/2.1'])->header('Cache-Control'), 'public', '… and a bot');
};

subtest 'senda_cookie off' => sub {
    is($t->get('/', host => 'off.test')->header('Set-Cookie'), undef, 'sets none');
    my ($cookie) = $t->get('/')->header('Set-Cookie') =~ /^senda=($value);/;
    my $r = $t->get('/', host => 'off.test', jar => { senda => $cookie });
    is($r->header('Set-Cookie'), undef, 'also for one that comes');
    like($r->body, qr/[0-9a-f]{32}/, 'but reads it');
};

# A module that was built without TLS may be loaded by an nginx that has it.
subtest 'over TLS' => sub {
    my ($has) = $t->try_run($t->nginx, '-V');
    plan skip_all => 'this nginx has no TLS' unless $has =~ /with-http_ssl_module/;
    my $s = Senda::Test->new;
    my ($dir, $tls) = ($s->dir, $s->free_port);
    my (undef, $status) = $s->try_run(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256
        -nodes -days 2 -subj /CN=shop.test -keyout), "$dir/tls.key", '-out', "$dir/tls.crt");
    plan skip_all => 'no openssl command to make a certificate with' if $status;
    $s->publish($rules);
    $s->page('index.html', '<p>home</p>');
    $s->start(server => "listen 127.0.0.1:$tls ssl; ssl_certificate tls.crt; ssl_certificate_key tls.key;");
    my ($said) = $s->try_run(qw(curl -sk -i -A), $Senda::Test::AGENT, '--resolve',
        "shop.test:$tls:127.0.0.1", "https://shop.test:$tls/");
    like($said, qr/^Set-Cookie: senda=[^;]+;.*; Secure\r?$/mi, 'the cookie is for TLS alone');
    unlike($s->get('/')->header('Set-Cookie'), qr/Secure/, '… and not where it came without');
    $s->finish;
};

$t->done;
