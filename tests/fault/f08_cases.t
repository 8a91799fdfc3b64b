# F8: ways through nginx that end in one page: each counts once, or not at all, as it should. The
# original address is what counts, whatever it was rewritten to.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;

my $rules = <<'END';
site shop.test www.shop.test
page home
match GET /
page heels
match GET /heels*
page cart
match GET,POST /cart
page product
match GET /product/{item}
page search
match GET /search?q={q}
page guide
match GET /guide.pdf
page signup
match POST /signup
page old
match GET /old*
END

my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish($rules);
$t->page('index.html', '<p>home</p>');
$t->page('heels.html', '<p>heels</p>' x 50);
$t->page('front.html', '<p>front</p>');
$t->page('error.html', '<p>sorry</p>');
$t->page('part.html', '<p>part</p>');
$t->page('about.html', '<p>about</p>');
$t->page('ssi/heels.html', '<!--#include virtual="/part.html" --><!--#include virtual="/cart" -->');
$t->page('guide.pdf', 'x' x 1000);
$t->page('style.css', 'p {}');
$t->page('list', '{}');
$t->page('inner/file.html', '<p>protected</p>');
my $h2 = $t->free_port;
$t->start(
    server => <<"END",
    listen 127.0.0.1:$h2 http2;
    error_page 404 /error.html;
    location / { }
    location = /product/1 { rewrite ^ /front.html last; }
    location = /product/2 { try_files /nothing /front.html; }
    location = /product/3 { try_files /nothing \@app; }
    location \@app { proxy_pass http://127.0.0.1:$app; }
    location = /product/4 { error_page 418 = /front.html; return 418; }
    location = /product/5 { error_page 418 =200 \@named; return 418; }
    location \@named { return 200 "<p>named</p>"; }
    location = /product/6 { auth_request /auth; try_files /front.html =404; }
    location = /auth { proxy_pass http://127.0.0.1:$app/heels; }
    location = /product/7 { mirror /mirror; proxy_pass http://127.0.0.1:$app; }
    location = /mirror { internal; proxy_pass http://127.0.0.1:$app/heels; }
    location = /product/8 { ssi on; rewrite ^ /ssi/heels.html break; }
    location = /product/9 { proxy_pass http://127.0.0.1:$app/accel; }
    location /inner/ { internal; }
    location = /product/10 { auth_request /refuse; try_files /front.html =404; }
    location = /refuse { return 403; }
    location = /product/11 { proxy_pass http://127.0.0.1:$app; }
    location = /product/12 { addition_types text/html; add_before_body /part.html; try_files /heels.html =404; }
    location = /product/13 { proxy_pass http://127.0.0.1:$app/fail; proxy_intercept_errors on; error_page 500 =200 /front.html; }
    location = /product/14 { proxy_pass http://127.0.0.1:$app/fail; proxy_intercept_errors on; error_page 500 /front.html; }
    location = /product/gone { return 404; }
    location = /product/moved { return 301 /product/1; }
    location = /product/nothing { return 204; }
    location = /cart { return 200 "<p>cart</p>"; }
    location = /signup { return 303 /; }
    location = /list { default_type application/json; }
    location = /api { default_type application/json; return 200 "{}"; }
    location = /product/file { proxy_pass http://127.0.0.1:$app/range; proxy_force_ranges on; }
    location = /product/post { error_page 405 =200 \$uri; try_files /front.html =404; }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        add_header X-Senda-Contact "email=ana%40example.com" always;
        location / { return 200 "<p>app</p>"; }
        location = /accel { add_header X-Accel-Redirect /inner/file.html; return 200 "x"; }
        location = /fail { return 500 "x"; }
    }
END
);

# One visitor; its cookie comes back from the first request on.
my $jar = {};
$t->get('/about.html', jar => $jar);
$t->get('/about.html', jar => $jar);
$t->wait_drained;
my ($visitor) = keys %{ $t->counts };
is($t->counts->{$visitor}{any}, 2, 'two documents that match no page: two visits');

# The difference that a request makes: [pages], or nothing.
my ($cases, $wrong) = (0, 0);

sub makes {
    my ($name, $path, $expected, %o) = @_;
    my %before = %{ $t->counts->{$visitor} };
    my $status = delete $o{status} // 200;
    my $r = $t->get($path, jar => $jar, %o);
    is($r->status, $status, "$name: status $status");
    is(join('|', grep { /^x-senda/i } @{ $r->{lines} }), '', "$name: no header of ours");
    $t->wait_drained;
    my %after = %{ $t->counts->{$visitor} };
    my %made = map { my $n = $after{$_} - ($before{$_} // 0); $n ? ($_ => $n) : () } keys %after;
    $cases++;
    is_deeply(\%made, $expected, $name) or $wrong++, diag explain \%made;
    is(scalar(keys %{ $t->counts }), 1, "$name: no other visitor") if keys %{ $t->counts } != 1;
    return $r;
}

my $product = { any => 1, product => 1 };

makes('a page', '/', { any => 1, home => 1 });
makes('no page of the rules', '/about.html', { any => 1 });
makes('not found', '/product', {}, status => 404);
makes('not found, with an error page', '/heels/none.html', {}, status => 404);
makes('a page that says 404', '/product/gone', {}, status => 404);
makes('a redirect', '/product/moved', {}, status => 301);
makes('nothing in it', '/product/nothing', {}, status => 204);
makes('HEAD', '/heels.html', {}, method => 'HEAD');
makes('an asset', '/style.css', {});
makes('an answer for a script', '/api', {});
makes('a page that is a download', '/guide.pdf', { any => 1, guide => 1 });
makes('arguments', '/search?q=red+shoes&utm=1', {}, status => 404);

makes('rewritten', '/product/1', $product);
makes('try_files to a file', '/product/2', $product);
makes('try_files to a named location', '/product/3', $product);
makes('error_page to an address', '/product/4', $product);
makes('error_page to a named location', '/product/5', $product);
makes('auth_request', '/product/6', $product);
makes('mirror', '/product/7', $product);
makes('SSI with two includes', '/product/8', $product);
makes('X-Accel-Redirect', '/product/9', $product);
makes('auth_request that refuses', '/product/10', {}, status => 403);
makes('proxied', '/product/11', $product);
makes('addition', '/product/12', $product);
makes('an error of the application, answered well', '/product/13', $product);
makes('an error of the application, said so', '/product/14', {}, status => 500);

makes('the other host', '/heels.html', { any => 1, heels => 1 }, host => 'shop.test');
makes('a closing slash, escapes', '/h%65els.html/', {}, status => 404);
makes('an absolute address', 'http://shop.test/heels.html', { any => 1, heels => 1 });

makes('POST of a page', '/cart', { any => 1, cart => 1 }, body => 'a=b');
makes('GET of the same', '/cart', { any => 1, cart => 1 });
makes('POST, 303', '/signup', { any => 1, signup => 1 }, body => 'a=b', status => 303);
makes('GET of a page for POST', '/signup', {}, status => 303);
makes('POST of no page', '/about.html', {}, body => 'a=b', status => 405);
makes('PUT', '/cart', {}, method => 'PUT');
makes('POST that error_page turns into GET', '/product/post', {}, body => 'x');

my $etag = $t->get('/heels.html')->header('ETag');
makes('not modified', '/heels.html', { any => 1, heels => 1 }, headers => ['If-None-Match' => $etag],
    status => 304);
$etag = $t->get('/about.html')->header('ETag');
makes('a document of no page, not modified', '/about.html', { any => 1 }, status => 304,
    headers => ['If-None-Match' => $etag, Accept => 'text/html,application/xhtml+xml;q=0.9']);
$etag = $t->get('/list')->header('ETag');
makes('an answer for a script, not modified', '/list', {}, status => 304,
    headers => ['If-None-Match' => $etag, Accept => '*/*']);
$etag = $t->get('/style.css')->header('ETag');
makes('an asset not modified', '/style.css', {}, headers => ['If-None-Match' => $etag], status => 304);
makes('a condition that fails', '/heels.html', {}, headers => ['If-Match' => '"x"'], status => 412);

makes('the first part of a file', '/guide.pdf', {}, headers => [Range => 'bytes=0-99'], status => 206);
makes('a continuation', '/guide.pdf', {}, headers => [Range => 'bytes=100-'], status => 206);
makes('the end', '/guide.pdf', {}, headers => [Range => 'bytes=-1'], status => 206);
makes('two ranges', '/guide.pdf', {}, headers => [Range => 'bytes=0-1,5-6'], status => 206);
makes('a range that is the whole', '/guide.pdf', { any => 1, guide => 1 },
    headers => [Range => 'bytes=0-'], status => 206);
makes('a range beyond the end', '/guide.pdf', {}, headers => [Range => 'bytes=5000-'], status => 416);

for my $prefetch (['Sec-Purpose' => 'prefetch'], ['Sec-Purpose' => 'prefetch;prerender'],
    [Purpose => 'prefetch'], ['X-Moz' => 'prefetch'], ['X-Purpose' => 'preview'])
{
    makes("@$prefetch", '/heels.html', {}, headers => $prefetch);
}
makes('a purpose that is none', '/heels.html', { any => 1, heels => 1 },
    headers => [Purpose => 'reading']);
makes('a bot with a cookie', '/heels.html', {}, headers => ['User-Agent' => 'Googlebot/2.1']);
makes('a long address', '/heels.html?' . 'x' x 3000, {});

# Requests one after another on a connection are told apart.
my $socket = $t->connect;
makes('kept connection', '/heels.html', { any => 1, heels => 1 }, socket => $socket) for 1 .. 3;
close $socket;

# HTTP/2, if there is a client for it.
SKIP: {
    my ($version) = $t->try_run('curl', '--version');
    skip 'no curl with HTTP/2', 2 unless $version =~ /HTTP2/;
    my $before = $t->counts->{$visitor}{heels};
    my $text = $t->run('curl', '-s', '--http2-prior-knowledge', '-A', $Senda::Test::AGENT, '-H',
        'Host: shop.test', '-b', "senda=$jar->{senda}", '-D', '-', "http://127.0.0.1:$h2/heels.html");
    like($text, qr{^HTTP/2 200}, 'HTTP/2');
    $t->wait_drained;
    is($t->counts->{$visitor}{heels}, $before + 1, 'counts once');
}

my $rings = $t->rings;
cmp_ok($rings->{$_}, '>', 0, "dropped and counted: $_")
    for qw(status asset bot prefetch long_url);

figure('F8', "$cases cases, $wrong wrong");
$t->done;
