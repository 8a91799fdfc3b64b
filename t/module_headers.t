# X-Senda-* headers of the upstream: hidden from clients, believed only where trusted, sealed, and
# never kept in nginx's cache nor believed out of it. Filters are in the right order.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page thanks purchase
match GET /thanks*?order={order}
page login
match POST /login
event walks_by
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);

sub conf {
    return (
        http => <<'END',
    proxy_cache_path cache levels=1 keys_zone=c:1m inactive=10m;
    map $arg_n $who { default "email=user$arg_n%40example.com&name=User"; "" ""; }
    map $arg_e $what { default $arg_e; "" ""; }
    map $arg_two $second { default $arg_two; "" ""; }
    map $arg_long $long { default ""; 1 "purchase; order=1; x=LONG"; }
END
        server => <<"END",
    @{[ $_[0] ? '' : 'senda_trust_upstream on;' ]}
    proxy_cache_key \$uri;
    location / { proxy_pass http://127.0.0.1:$app; }
    location /untrusted/ { senda_trust_upstream off; proxy_pass http://127.0.0.1:$app/; }
    location /off/ { senda off; proxy_pass http://127.0.0.1:$app/; }
    location /cached/ {
        proxy_cache c;
        proxy_cache_valid 200 10m;
        add_header X-Cache \$upstream_cache_status;
        proxy_pass http://127.0.0.1:$app/;
    }
    location /cached-untrusted/ {
        senda_trust_upstream off;
        proxy_cache c;
        proxy_cache_valid 200 10m;
        add_header X-Cache \$upstream_cache_status;
        proxy_pass http://127.0.0.1:$app/;
    }
    location /hidden/ { proxy_hide_header X-Senda-Contact; proxy_pass http://127.0.0.1:$app/; }
    location /static/ { add_header X-Senda-Event login; return 200 "<p>x</p>"; }
    location = /order { proxy_pass http://127.0.0.1:$app/; expires 1h; }
END
        servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / {
            add_header X-Senda-Contact \$who always;
            add_header X-Senda-Event \$what always;
            add_header x-senda-event \$second always;
            add_header X-Senda-Other secret always;
            add_header Link "<\$long>";
            add_header X-Shop shoes;
            if (\$arg_status = 302) { return 302 /; }
            if (\$arg_status = 500) { return 500 "<p>x</p>"; }
            return 200 "<p>page \$request_uri</p>";
        }
    }
END
    );
}

$t->start(conf());

sub no_senda_headers {
    my ($r, $name) = @_;
    is(join('|', grep { /^x-senda/i } @{ $r->{lines} }), '', $name);
}

sub new_visits {
    my ($from) = @_;
    $t->wait_drained;
    my @all = $t->journal;
    return @all[$from .. $#all];
}
my $n = sub { $t->wait_drained; return scalar(() = $t->journal) };

subtest 'hidden from clients' => sub {
    for my $path ('/', '/untrusted/', '/off/', '/cached/h', '/cached/h', '/cached-untrusted/h',
        '/cached-untrusted/h', '/hidden/', '/static/')
    {
        my $r = $t->get("$path?n=1&e=login");
        no_senda_headers($r, $path);
        is($r->header('X-Shop'), 'shoes', "$path: the others stay") if $path ne '/static/';
    }
    no_senda_headers($t->get('/?n=1&e=login&status=500'), 'an error');
    no_senda_headers($t->get('/?n=1&e=login&status=302'), 'a redirect');
    no_senda_headers($t->get('/?n=1&e=login', method => 'HEAD'), 'HEAD');
    no_senda_headers($t->get('/?n=1', host => 'nobody.test'), 'another host');
};

subtest 'believed where trusted' => sub {
    my $from = $n->();
    my $r = $t->get('/?n=2');
    like($r->header('Set-Cookie'), qr/^senda=/, 'the visitor gets a cookie');
    my ($v, @more) = new_visits($from);
    is($v->{contact}, 'email=user2%40example.com&name=User', 'a contact, at once');
    is($v->{flags}, 2 | 4, 'with the page view');
    is($v->{keys}, 'home', 'and the page');
    is(scalar(@more), 0, 'one visit');
    isnt($v->{visitor}, '0' x 32, 'of a visitor');

    my ($cookie) = $r->header('Set-Cookie') =~ /senda=([^;]+)/;
    $t->get('/untrusted/', jar => { senda => $cookie });
    my @next = new_visits($from + 1);
    is(scalar(@next), 1, 'no landing comes with that cookie');
    is($next[0]{visitor}, $v->{visitor}, 'the same visitor');

    $from = $n->();
    $t->get('/untrusted/?n=3&e=login');
    is_deeply([new_visits($from)], [], 'not where it is not trusted');
    $t->get('/off/?n=3&e=login');
    $t->get('/static/');
    is_deeply([new_visits($from)], [], 'not where senda is off, nor out of nginx itself');
};

subtest 'events' => sub {
    my $from = $n->();
    my $order = 'purchase;order=9;total=59.90;currency=EUR;items=sku1:2:29.95';
    $t->get("/?n=4&e=$order");
    my ($v) = new_visits($from);
    is($v->{event}, $order, 'raw, with its attributes');
    is($v->{keys}, 'home,purchase', 'its key beside the pages');
    is($v->{flags}, 2 | 4 | 8, 'page view, contact and event');

    $from = $n->();
    $t->get('/thanks?order=9&n=4&e=purchase;order=9');
    ($v) = new_visits($from);
    is($v->{keys}, 'thanks,purchase', 'once, though the page is that event as well');

    $from = $n->();
    $t->get('/?e=walks_by;store=3');
    ($v) = new_visits($from);
    is($v->{event}, 'walks_by;store=3', 'one that a rule file declares');

    $from = $n->();
    my $refused = $t->rings->{header};
    $t->get('/?e=invented;a=b');
    is_deeply([new_visits($from)], [], 'an unknown one is not recorded');
    is($t->rings->{header}, $refused + 1, '… and is counted');

    $t->get('/?n=5&e=login&two=sign_up');
    my @two = new_visits($from);
    is(scalar(@two), 2, 'two events: two visits');
    is_deeply([map { $_->{event} } @two], ['login', 'sign_up'], 'each its own');
    is_deeply([map { $_->{contact} } @two], ['email=user5%40example.com&name=User', ''],
        'the contact goes with the first');
    is_deeply([map { $_->{flags} } @two], [2 | 4 | 8, 8], 'the page counts once');
    is($two[0]{visitor}, $two[1]{visitor}, 'one visitor');
};

subtest 'redirects and errors' => sub {
    my $from = $n->();
    my $jar = {};
    my $r = $t->get('/login?n=6&status=302&e=login', body => 'x=1', jar => $jar);
    is($r->status, 302, 'a login is mostly a redirect');
    my ($v) = new_visits($from);
    is($v->{contact}, 'email=user6%40example.com&name=User', 'its contact is taken');
    is($v->{keys}, 'login,login', 'the form\'s page, and the event of the same name');
    ok(defined $jar->{senda}, 'and the cookie is set');
    $from = $n->();
    $t->get('/elsewhere?n=6&status=302', jar => $jar);
    ($v) = new_visits($from);
    is($v->{flags}, 4, 'a redirect that is no page: the contact alone');
    is($v->{path}, '', 'without path');
    $from = $n->();
    $t->get('/?n=7&e=purchase&status=500', jar => $jar);
    is_deeply([new_visits($from)], [], 'an error page says nothing');
};

subtest 'never cached, never believed out of the cache' => sub {
    my $from = $n->();
    for my $i (1 .. 50) {
        my $r = $t->get("/cached/a?n=$i");
        fail("request $i: $r->{status}, " . $r->header('X-Cache'))
            if $r->status != 200 || $r->header('X-Cache') ne 'MISS'
            || $r->body ne "<p>page /a?n=$i</p>";
    }
    my @visits = new_visits($from);
    is_deeply([map { $_->{contact} =~ /^email=user(\d+)%/ ? $1 : '?' } @visits], [1 .. 50],
        'each got its own page, each contact its own visitor');
    my %visitors = map { $_->{visitor} => 1 } @visits;
    is(scalar(keys %visitors), 50, '50 visitors');
    my @files = split /\n/, $t->run('find', $t->dir . '/cache', '-type', 'f');
    my $kept = join '', map { Senda::Test::slurp($_) } @files;
    unlike($kept, qr/user\d+%40/, 'nothing of it lies in the cache');

    $from = $n->();
    is($t->get('/cached/plain')->header('X-Cache'), 'MISS', 'a page without such headers …');
    is($t->get('/cached/plain')->header('X-Cache'), 'HIT', '… is cached as ever');
    ok(defined $t->get('/cached/plain')->header('Set-Cookie'),
        'a hit may carry a cookie: it is added after the cache');

    # Somebody else's answer lies in the cache from before Senda was there.
    $t->stop;
    $t->start(conf(), store => '', senda => '');
    is($t->get('/cached/old?n=77&e=purchase')->header('X-Cache'), 'MISS', 'another shopper');
    is($t->get('/cached/old?n=78')->header('X-Senda-Event'), 'purchase', 'lies in the cache');
    $t->stop;
    $t->start(conf());
    $from = $n->();
    my $r = $t->get('/cached/old?n=79');
    is($r->header('X-Cache'), 'HIT', 'a hit with another shopper\'s identity');
    no_senda_headers($r, 'hidden');
    is_deeply([new_visits($from)], [], 'and nobody is taken for that shopper');
};

subtest 'nothing readable in rings or journal' => sub {
    $t->wait_drained;
    for my $file (glob($t->live . '/ring.*'), $t->store . '/journal/data.mdb') {
        my $text = Senda::Test::slurp($file);
        cmp_ok(length $text, '>', 4096, "$file");
        unlike($text, qr/user\d+(?:%40|\@)example/, 'no address in it');
    }
};

subtest 'decided after expires and add_header' => sub {
    is($t->get('/order')->header('Set-Cookie'), undef, 'expires on a proxied page: no cookie');
    like($t->get('/order')->header('Cache-Control'), qr/max-age=3600/, 'it is there');
};

$t->done;
