# Requests that are odd: without a Host, of other versions, no requests at all; cookies of one name
# twice; links of messages within pages, under "expires", with bodies in files; X-Senda-* headers of
# a client where the server block looks at them first.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test
page home
match GET /
page cart
match GET /cart
END

my $t = Senda::Test->new;
$t->publish($rules);
my ($out) = $t->try_run(\"message welcome 1 7 email es\nlink http://shop.test/heels\n", $t->tool('tool_sent'), 'put', $t->store);
$t->share_published;
my %token = map { /^welcome (\S+) \d+ (\S+)/ ? ($1 => $2) : () } split /\n/, $out;
$t->page('ssi.html', qq{<p>[<!--# include virtual="/senda/u/$token{u}" -->]</p><p>the end</p>\n});
$t->start(
    http => 'map $http_x_senda_contact $claimed { default $http_x_senda_contact; "" nobody; }',
    server => <<'END',
    set $early $claimed;
    location / { return 200 "<p>$senda_visits_home</p>"; }
    location = /early { return 200 "<p>$early</p>"; }
    location = /ssi.html { ssi on; }
    location /senda/ { senda_endpoint; }
    location /kept/ { expires 30d; senda_endpoint; }
    location /files/ { client_body_in_file_only clean; senda_endpoint; }
END
);

sub raw {
    my ($text) = @_;
    my $s = $t->connect;
    $s->syswrite($text);
    my $answer = '';
    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 20;
    while ($s->sysread($answer, 65536, length $answer)) { }
    alarm 0;
    return $answer;
}

subtest 'requests without this or that' => sub {
    my @before = @{ $t->wait_for(sub { my @w = $t->workers; @w && \@w }, 'the workers run') };
    like(raw("GET / HTTP/1.0\r\n\r\n"), qr{^HTTP/1.1 200 }, 'no Host, HTTP/1.0');
    like(raw("GET / HTTP/1.0\r\nCookie: senda=x; senda=\r\nCookie: ; ;=\r\n\r\n"), qr{^HTTP/1.1 200 }, 'no cookies either');
    like(raw("GET /\r\n"), qr/<p>/, 'HTTP/0.9');
    like(raw("GARBAGE\r\n\r\n"), qr/400/, 'garbage');
    like(raw("GET http://shop.test HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"), qr/^HTTP\/1.1 200 /, 'no path');
    like(raw("GET http://shop.test?a=b HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"), qr/^HTTP\/1.1 200 /, 'only arguments');
    like(raw("GET /%00 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"), qr/^HTTP\/1.1 4/, 'a NUL');
    like(raw("GET / HTTP/1.1\r\nHost: shop.test\r\nX-Big: " . 'x' x 40_000 . "\r\n\r\n"), qr/^HTTP\/1.1 400 /, 'a head too large');
    like(raw('GET /' . 'x' x 40_000 . " HTTP/1.1\r\nHost: shop.test\r\n\r\n"), qr/^HTTP\/1.1 414 /, 'an address too large');
    like(raw("BREW /cart HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"), qr/^HTTP\/1.1 /, 'another method');
    my $many = raw("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n" x 20 . "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
    is(scalar(() = $many =~ m{HTTP/1.1 200 }g), 21, 'many at once on one connection');
    is_deeply([sort $t->workers], [sort @before], 'no worker has died of any');
};

subtest 'two cookies of one name' => sub {
    my %jar;
    $t->get('/', jar => \%jar) for 1 .. 2;
    $t->wait_drained;
    my $mine = $jar{senda};
    for my $cookies ("senda=forged; senda=$mine", "senda=$mine; senda=forged", "a=b; senda=1; senda=2; senda=3; senda=$mine") {
        my $r = $t->get('/', headers => [Cookie => $cookies]);
        cmp_ok(($r->body =~ /(\d+)/)[0], '>=', 2, 'the visitor is known: ' . $cookies =~ s/\Q$mine/MINE/r);
        $t->wait_drained;
    }
    my $r = $t->get('/', headers => [Cookie => 'senda=1; senda=2; senda=3; senda=4; senda=' . $mine]);
    is(($r->body =~ /(\d+)/)[0], 1, 'there is an end to the search');
    like($r->header('Set-Cookie'), qr/^senda=/, 'a new visitor then');
    is($t->get('/', headers => [Cookie => "SENDA=$mine"])->body, '<p>1</p>', 'another name is another cookie');
};

subtest 'links of messages' => sub {
    my $r = $t->get('/ssi.html');
    is($r->status, 200, 'a page that includes one');
    like($r->body, qr/the end/, 'is whole');
    unlike($r->body, qr/<form/, 'without it');

    for my $path ("/kept/u/$token{u}", "/kept/c/$token{c}") {
        my @control = $t->get($path)->header('Cache-Control');
        ok((grep { /no-store/ } @control), 'under "expires" no cache may keep it: ' . join ' | ', @control);
    }

    $r = $t->get("/files/u/$token{u}", body => 'List-Unsubscribe=One-Click',
        headers => ['Content-Type' => 'application/x-www-form-urlencoded']);
    is($r->status, 200, 'bodies go into files: saved all the same');
    $t->wait_drained;
    is(scalar(grep { $_->{flags} & 256 } $t->journal), 1, 'and recorded');
};

is($t->get('/early', headers => ['X-Senda-Contact' => 'email=evil@example.com'])->body, '<p>nobody</p>',
    'what a client says of X-Senda is gone before anybody looks');

$t->done;
