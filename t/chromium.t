# One session of headless Chromium with JavaScript off walks the demo's shop: the banner for the
# tag `vestir` is absent on the first three heel pages and there on the fourth, in that response.

use strict;
use warnings;
use Senda::Browser;
use Senda::Test;
use Test::More;

plan skip_all => 'chromium is not installed' unless Senda::Browser->installed;

my $shop = Senda::Browser->shop;
like($shop->{url}, qr{^http://127\.0\.0\.1:\d+/$}, 'the shop is open') or BAIL_OUT('no shop');
my $b = Senda::Browser->new;
ok($b->{session}, 'the browser runs');

my $home = $b->open_page($shop->{url});
like($home, qr/La <b>Zapater/, 'the home page');
like($home, qr/<aside class="consiento"/, 'asks for consent');
$b->click('button[formaction="/consiento/si"]');
unlike($b->document, qr/<aside class="consiento"/, 'asked no more after a yes');

# A person takes longer from page to page than the drain, also on a machine that is busy.
my $tool = ($ENV{SENDA_BUILD} // 'build') . '/tests/tool_rules';
sub counted { return `$tool live $shop->{store} $shop->{live} 2>/dev/null` =~ /^\w{32} page any (\d+)$/m ? $1 : 0 }

my @path = qw(tacon tacon/rojo tacon/azul tacon);
my (@response, @seen);
for my $path (@path) {
    my $before = counted();
    my $body = $b->open_page("$shop->{url}$path");
    push @response, $body =~ /id="banner-vestir"/ ? 1 : 0;
    push @seen, $b->document =~ /id="banner-vestir"/ ? 1 : 0;
    Senda::Test->until(10, sub { counted() > $before }) or diag "/$path is not counted in time";
}
is("@response", '0 0 0 1', 'in the responses: absent on pages 1 to 3, there on the 4th');
is("@seen", '0 0 0 1', 'and so it stands in the pages shown');
my $cookie = $b->cookies->{senda};
ok($cookie, 'the visitor has the cookie');
ok($cookie && $cookie->{httpOnly}, 'which scripts could not read');
is($cookie && $cookie->{sameSite}, 'Lax', 'and which other sites do not send');

# A page that scripts would have changed proves that they are off.
$b->open_page('data:text/html,<p id=p>off</p><script>document.body.innerHTML="on"</script>');
like($b->document, qr/>off</, 'JavaScript was off');

$b->close_it;
done_testing();
