# Consent: by a variable, always, never; Sec-GPC; what a trusted upstream says without consent.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /*
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
$jar->{choice} = 'none';
is($t->get('/', jar => $jar)->body, '<p>[] [] 0</p>', 'without consent they know nobody');
$t->get('/', jar => $jar) for 1 .. 5;
$jar->{choice} = 'all';
$t->get('/', jar => $jar, headers => ['Sec-GPC' => 1]) for 1 .. 5;
$t->wait_drained;
is($t->counts->{$visitor}{home}, 3, 'nothing is counted without consent');
cmp_ok($t->rings->{consent}, '>=', 11, '… but that is counted');
my $visits = () = $t->journal;
is($visits, 3, '… and nothing is journalled');

# An order without consent: the mail about it must still go out, and nothing else be known.
$jar->{choice} = 'none';
my $r = $t->get('/thanks?order=17', jar => $jar);
is($r->status, 200, 'the order');
is($r->header('Set-Cookie'), undef, 'no cookie');
$t->wait_drained;
my ($order) = ($t->journal)[3];
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
$order = ($t->journal)[4];
is($order->{visitor}, $visitor, 'with consent: the visitor');
is($order->{keys}, 'home,thanks,purchase', 'its pages and the event');
is($order->{captures}{order}, '17', 'its captures');
is($order->{flags}, 2 | 4 | 8, 'page view, contact, event');

$t->done;
