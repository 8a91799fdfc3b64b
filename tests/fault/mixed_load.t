# Everything at once, for SENDA_SECONDS: static and proxied pages, forms, cookies old, new and forged,
# variables, errors, subrequests, HTTP/2, clients that go away, reloads. Nothing alarming is said
# (a sanitized nginx speaks here), every whole answer is one that was asked for, nothing is left.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{SENDA_SECONDS} // full(4, 60);
my $t = Senda::Test->new;
my $app = $t->free_port;
my $h2 = $t->free_port;
$t->publish(<<'END');
site shop.test www.shop.test
page home
match GET /
page heels
match GET /heels*
page product
match GET /product/{item}
page search
match GET /search?q={q}
page signup
match GET,POST /signup
page thanks purchase
match GET /thanks*?order={order}
tag keen heels 3
END
$t->page('index.html', '<p>home</p>');
$t->page('heels.html', '<p>heels</p>' x 500);
$t->page('style.css', 'p {}');
$t->page('part.html', '<p>part</p>');
$t->page('ssi/page.html', '<!--#include virtual="/part.html" --><!--#echo var="senda_visitor" -->');
my %conf = (
    http => <<'END',
    proxy_cache_path cache levels=1 keys_zone=c:1m inactive=10m;
    map $arg_n $who { default "email=user$arg_n%40example.com&name=User"; "" ""; }
    map $cookie_choice $ok { default 1; no ""; }
END
    senda => "senda on;\n    senda_consent \$ok;\n    senda_trust_upstream on;\n    senda_site shop.test;",
    server => <<"END",
    listen 127.0.0.1:$h2 http2;
    add_header X-Tags "\$senda_tags \$senda_visits_heels" always;
    location / { }
    location /product/ { proxy_pass http://127.0.0.1:$app; proxy_cache c; proxy_cache_valid 200 1s; }
    location = /signup { proxy_pass http://127.0.0.1:$app; }
    location = /thanks { proxy_pass http://127.0.0.1:$app; }
    location = /search { return 200 "<p>\$senda_visits_search</p>"; }
    location /ssi/ { ssi on; }
    location = /away { return 302 /; }
    location = /gone { return 410; }
    location = /slow.html { limit_rate 4k; try_files /heels.html =404; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        add_header X-Senda-Contact \$who;
        location / { return 200 "<p>app \$request_uri</p>"; }
        location = /signup { add_header X-Senda-Event sign_up; return 303 /; }
        location = /thanks { add_header X-Senda-Event "purchase; order=\$arg_order; total=9.90; currency=EUR"; return 200 "<p>x</p>"; }
    }
END
);
my @asks = (
    ['/', 200], ['/heels.html', 200], ['/product/1', 200], ['/product/2?n=3', 200],
    ['/search?q=red+shoes&utm_source=x', 200], ['/style.css', 200], ['/ssi/page.html', 200],
    ['/away', 302], ['/gone', 410], ['/none.html', 404], ['/heels.html', 200, method => 'HEAD'],
    ['/heels.html', 206, headers => [Range => 'bytes=0-9']],
    ['/signup', 303, body => 'email=ana%40example.com&name=Ana&card=4111111111111111'],
    ['/signup?n=5', 303, body => 'a=' . 'b' x 3000],
    ['/thanks?order=7&n=9', 200], ['/heels.html', 200, headers => ['Sec-GPC' => 1]],
    ['/heels.html', 200, headers => ['User-Agent' => 'Googlebot/2.1']],
    ['/heels.html', 200, headers => ['Sec-Purpose' => 'prefetch']],
    ['/heels.html?' . 'x' x 3000, 200], ['/heels.html', 200, headers => [Cookie => 'senda=forged']],
    ['/%68eels.html', 200], ['/heels.html', 200, headers => ['X-Senda-Contact' => 'email=x%40y.z']],
);

$t->start(%conf, workers => 2);
my $pid = fork // die "fork: $!";
if (!$pid) { # clients over HTTP/2, beside
    my $end = time + $seconds;
    open STDOUT, '>', '/dev/null';
    while (time < $end) {
        system 'curl', '-s', '-o', '/dev/null', '--max-time', 5, '--http2-prior-knowledge', '-A',
            $Senda::Test::AGENT, '-H', 'Host: shop.test', map { "http://127.0.0.1:$h2$_->[0]" }
            grep { !@$_[2] } @asks;
    }
    POSIX::_exit(0);
}

my ($end, $next_reload) = (time + $seconds, time + 2);
my (@jars, @held, @wrong) = map { {} } 1 .. 40;
my ($asked, $reloads) = (0, 0);
while (time < $end) {
    my $ask = $asks[rand @asks];
    my ($path, $status, %o) = @$ask;
    my $n = int rand @jars;
    $jars[$n] = {} if rand() < 0.01;
    $jars[$n]{choice} = 'no' if rand() < 0.005;
    my $r = $t->get($path, jar => $jars[$n], %o);
    $asked++;
    push @wrong, "$path: $r->{status}" if $r->status != $status;
    if (rand() < 0.02) { # a client that leaves, now or later, in the middle of its answer
        my $s = $t->connect;
        $s->syswrite("GET /slow.html HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: $Senda::Test::AGENT\r\n\r\n");
        push @held, $s;
        shift @held if @held > 10;
    }
    if (time > $next_reload) {
        $t->reload(%conf, workers => 1 + $reloads++ % 3);
        $next_reload = time + 3;
    }
}
close $_ for @held;
waitpid $pid, 0;
is(join("\n", grep { defined } @wrong[0 .. 9]), '', "$asked requests were answered as they should be");
cmp_ok($asked, '>', 20 * $seconds, 'many of them');
cmp_ok($reloads, '>=', 1, "$reloads reloads");
$t->wait_drained;
my @journal = $t->journal;
cmp_ok(scalar(@journal), '>', $asked / 20, 'visits were journalled: ' . @journal);
is(scalar(grep { ($_->{contact} // '') =~ /x%40y/ } @journal), 0, 'none with what a client said of itself');
$t->done;
