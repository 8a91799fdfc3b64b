# Headless Chromium with JavaScript off walks the demo's shop over HTTP/1.1, then over HTTP/2 with
# TLS: consent is refused, then given, then withdrawn. The browser's cookies and the store agree at
# each step.

use strict;
use warnings;
use Senda::Browser;
use Senda::Test;
use Test::More;

plan skip_all => 'chromium is not installed' unless Senda::Browser->installed;

my $tool = ($ENV{SENDA_BUILD} // 'build') . '/tests/tool_rules';
my $shop;

sub lines { my @lines = split /\n/, `$tool @_ 2>/dev/null`; return @lines }
sub drained { return grep { $_ eq 'backlog 0' } lines('rings', $shop->{live}) }
# The tool looks for the key beside the store.
sub journal {
    symlink "$shop->{store}/../keys/sidecar.key", "$shop->{store}/sidecar.key";
    return lines('journal', $shop->{store});
}

# Visitors whom live/ knows, with the sum of their visits.
sub visitors {
    my %known;
    for (lines('live', $shop->{store}, $shop->{live})) {
        $known{$1} += $2 if /^(\w{32}) page any (\d+)$/;
    }
    return \%known;
}

# Waits until all is journalled and a condition holds.
sub settles {
    my ($what, $condition) = @_;
    ok(Senda::Test->until(10, sub { drained() && $condition->() }), $what)
        or diag explain visitors();
}

sub walk {
    my ($b, @paths) = @_;
    $b->open_page("$shop->{url}$_") for @paths;
}

for my $way (['HTTP/1.1', qr{^http/1}, qr{^http://}], ['HTTP/2 with TLS', qr/^h2$/, qr{^https://}, '--tls']) {
    my ($name, $protocol, $address, @options) = @$way;
    subtest $name => sub {
        $shop = Senda::Browser->shop(@options);
        like($shop->{url}, $address, 'the shop is open');
        my $b = Senda::Browser->new('--ignore-certificate-errors');

        walk($b, '');
        like($b->{protocol}, $protocol, "over $b->{protocol}");
        ok(!$b->cookies->{senda}, 'nobody has said anything: no cookie');

        $b->click('aside button[formaction="/consiento/no"]');
        walk($b, qw(tacon tacon/rojo mujer));
        is($b->cookies->{consiento}{value}, 'no', 'refused');
        ok(!$b->cookies->{senda}, 'no cookie');
        settles('the store knows nobody', sub { !%{ visitors() } });
        is(scalar(journal()), 0, 'and nothing is written down');

        $b->click('footer button[formaction="/consiento/si"]');
        is($b->cookies->{consiento}{value}, 'si', 'given');
        my $cookie = $b->cookies->{senda};
        ok($cookie, 'the cookie is set');
        is($cookie->{secure} ? 1 : 0, @options ? 1 : 0, @options ? 'for TLS alone' : 'not for TLS alone');
        settles('one visit at most, if it came back with a picture', sub {
            my $known = visitors();
            !keys %$known || keys %$known == 1 && (values %$known)[0] == 1;
        });
        walk($b, qw(tacon tacon/rojo));
        settles('the same visitor, two more visits', sub {
            my $known = visitors();
            keys %$known == 1 && (values %$known)[0] == 3;
        });
        is(scalar(journal()), 3, 'three visits are written down');
        walk($b, 'tacon/azul');
        settles('and one more', sub { (values %{ visitors() })[0] == 4 });

        $b->click('footer button[formaction="/consiento/no"]');
        is($b->cookies->{consiento}{value}, 'no', 'withdrawn');
        ok(!$b->cookies->{senda}, 'the cookie is gone');
        settles('the visitor is forgotten', sub { !%{ visitors() } });
        my $written = journal();
        is($written, 5, 'that it was withdrawn is written down');
        walk($b, qw(tacon mujer));
        ok(!$b->cookies->{senda}, 'no cookie afterwards');
        settles('the store knows nobody', sub { !%{ visitors() } });
        is(scalar(journal()), $written, 'and nothing more is written down');
        $b->close_it;
    };
}
done_testing();
