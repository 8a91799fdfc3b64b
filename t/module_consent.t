# Consent: by a variable, always, never; Sec-GPC and DNT; withdrawn; what a trusted upstream says
# without it.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /*
except GET /style.css
page thanks
match GET /thanks*?order={order}
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);
$t->start(
    senda => "senda on;\n    senda_site shop.test;\n    senda_consent \$ok;\n    senda_trust_upstream on;",
    http => <<'END',
    map $cookie_choice $ok { default ""; none 0; all 1; marketing "yes"; }
    map $arg_status $said { default "purchase; order=17; total=20; currency=EUR"; }
END
    server => <<"END",
    location / { return 200 "<p>[\$senda_visitor] [\$senda_tags] \$senda_visits_home</p>"; }
    location /always/ { senda_consent always; return 200 "<p>x</p>"; }
    location = /style.css { default_type text/css; return 200 "p {}"; }
    location = /cached { add_header Cache-Control public; return 200 "<p>x</p>"; }
    location = /missing { return 404 "<p>x</p>"; }
    location /thanks { proxy_pass http://127.0.0.1:$app; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / {
            add_header X-Senda-Event \$said;
            add_header X-Senda-Contact "email=ana%40example.com";
            return 200 "<p>thanks</p>";
        }
    }
    server {
        listen 127.0.0.1:${\$t->port};
        server_name mute.test;
        senda on;
        senda_site shop.test;
        location / { return 200 "<p>x</p>"; }
    }
END
);

sub cookie { return $t->get(@_)->header('Set-Cookie') }

is(cookie('/'), undef, 'no choice: no cookie');
is(cookie('/', headers => [Cookie => 'choice=none']), undef, '"0": no cookie');
ok(defined cookie('/', headers => [Cookie => 'choice=all']), '"1": a cookie');
ok(defined cookie('/', headers => [Cookie => 'choice=marketing']), 'any other value: a cookie');
ok(defined cookie('/always/'), 'always');
is(cookie('/always/', headers => ['Sec-GPC' => '1']), undef, 'Sec-GPC: 1 is stronger');
ok(defined cookie('/always/', headers => ['Sec-GPC' => '0']), 'Sec-GPC: 0 says nothing');
is(cookie('/always/', headers => ['DNT' => '1']), undef, 'DNT: 1 too');
ok(defined cookie('/always/', headers => ['DNT' => '0']), 'DNT: 0 says nothing');
is(cookie('/', host => 'mute.test', headers => [Cookie => 'choice=all']), undef,
    'without senda_consent: no cookie');

# A visitor who agreed, and then no longer does.
my $jar = { choice => 'all' };
$t->get('/', jar => $jar);
$t->get('/', jar => $jar);
$t->wait_drained;
my ($visitor) = keys %{ $t->counts };
is($t->counts->{$visitor}{home}, 2, 'counted while there is consent');
like($t->get('/', jar => $jar)->body, qr/\[$visitor\] \[\] 3/, 'the variables know the visitor');

# Withdrawn: the cookie is taken back, the visitor forgotten, once.
my $cookie = $jar->{senda};
$jar->{choice} = 'none';
my $r = $t->get('/', jar => $jar);
is($r->body, '<p>[] [] 0</p>', 'without consent they know nobody');
is($r->header('Set-Cookie'), 'senda=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
    'the cookie is taken back');
is($jar->{senda}, undef, '… by the browser too');
$t->wait_drained;
is($t->counts->{$visitor}, undef, 'live/ has forgotten the visitor');
my @all = $t->journal;
is(scalar(@all), 4, 'one record more');
is($all[3]{flags}, 1024, 'that says so');
is($all[3]{visitor}, $visitor, 'of whom');
is($all[3]{path}, '', 'and nothing else');

$t->get('/', jar => $jar) for 1 .. 5;
$t->wait_drained;
is(scalar(() = $t->journal), 4, 'nothing is journalled without consent');
cmp_ok($t->rings->{consent}, '>=', 6, '… but that is counted');

$jar->{choice} = 'all';
$t->get('/', jar => $jar);
$t->get('/', jar => $jar);
$t->wait_drained;
my ($again) = keys %{ $t->counts };
isnt($again, $visitor, 'given again: somebody new');
is(scalar(keys %{ $t->counts }), 1, '… and nobody else');
my $visits = () = $t->journal;

subtest 'signals of the browser withdraw too' => sub {
    for my $header ('Sec-GPC', 'DNT') {
        my $browser = {};
        $t->get('/always/', jar => $browser) for 1 .. 2;
        $t->wait_drained;
        my $known = keys %{ $t->counts };
        my $r = $t->get('/always/', jar => $browser, headers => [$header => '1']);
        like($r->header('Set-Cookie'), qr/^senda=; .*Max-Age=0/, "$header: 1 takes the cookie back");
        $t->wait_drained;
        is(scalar(keys %{ $t->counts }), $known - 1, '… and the visitor is forgotten');
        is(($t->journal)[-1]{flags}, 1024, '… and the record says so');
        is($t->get('/always/', jar => $browser, headers => [$header => '1'])->header('Set-Cookie'),
            undef, 'once');
        $visits += 3;
    }
};

subtest 'where the cookie cannot be taken back yet' => sub {
    my $browser = { choice => 'all' };
    $t->get('/', jar => $browser) for 1 .. 2;
    $t->wait_drained;
    $visits += 2;
    my $known = keys %{ $t->counts };
    $browser->{choice} = 'none';
    is($t->get('/style.css', jar => $browser)->header('Set-Cookie'), undef, 'an asset has no cookie');
    is($t->get('/cached', jar => $browser)->header('Set-Cookie'), undef, 'nor what caches keep');
    is($t->get('/', jar => $browser, method => 'HEAD')->header('Set-Cookie'), undef, 'nor HEAD');
    is($t->get('/missing', jar => $browser)->header('Set-Cookie'), undef, 'nor an error');
    $t->wait_drained;
    is(scalar(keys %{ $t->counts }), $known - 1, 'the visitor is forgotten all the same');
    my $journal = () = $t->journal;
    $t->get('/style.css', jar => $browser) for 1 .. 5;
    $t->wait_drained;
    is(scalar(() = $t->journal), $journal, '… once');
    like($t->get('/', jar => $browser)->header('Set-Cookie'), qr/Max-Age=0/, 'then the cookie goes');
    $t->wait_drained;
    is($browser->{senda}, undef, 'it is gone');
    $visits = () = $t->journal;
};

subtest 'nobody asked' => sub {
    my $browser = { choice => 'all' };
    $t->get('/', jar => $browser) for 1 .. 2;
    $t->wait_drained;
    $visits += 2;
    is($t->get('/', jar => $browser, host => 'mute.test')->header('Set-Cookie'), undef,
        'without senda_consent a cookie that comes is left alone');
    is($t->get('/', jar => { %$browser, choice => 'none' }, headers => ['User-Agent' => 'Googlebot/2.1'])
            ->header('Set-Cookie'), undef, 'a bot changes nothing');
    $t->wait_drained;
};

$jar->{choice} = 'all';
($visitor) = $again;
$visits = () = $t->journal;

# An order without consent: the mail about it must still go out, and nothing else be known.
$r = $t->get('/thanks?order=17', jar => { choice => 'none' });
is($r->status, 200, 'the order');
is($r->header('Set-Cookie'), undef, 'no cookie');
$t->wait_drained;
my ($order) = ($t->journal)[$visits];
is($order->{visitor}, '0' x 32, 'recorded without visitor');
is($order->{path}, '', 'without path');
is($order->{keys}, 'purchase', 'only the event');
is_deeply($order->{captures} // {}, {}, 'without captures');
is($order->{event}, 'purchase; order=17; total=20; currency=EUR', 'what the shop said');
is($order->{contact}, 'email=ana%40example.com', 'and of whom');
is($order->{flags}, 4 | 8, 'a contact and an event, no page view');

# The same with consent belongs to the visitor.
$jar->{choice} = 'all';
$t->get('/thanks?order=17', jar => $jar);
$t->wait_drained;
$order = ($t->journal)[$visits + 1];
is($order->{visitor}, $visitor, 'with consent: the visitor');
is($order->{keys}, 'home,thanks,purchase', 'its pages and the event');
is($order->{captures}{order}, '17', 'its captures');
is($order->{flags}, 2 | 4 | 8, 'page view, contact, event');

$t->done;
