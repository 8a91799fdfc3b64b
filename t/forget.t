# Consent that is withdrawn, in the sidecar: what it knew of the visitor is gone, what
# was published is taken back, and all of that stays so when history is lived again. A contact
# stays a contact.

use strict;
use warnings;
use lib 't/lib';
use Senda::Sidecar;
use Test::More;

my $rules = <<'END';
tag fan when visits home 2 times within 1 day

score +5 when visits home
END

my $s = Senda::Sidecar->new(rules => $rules);
$s->start('--show');

# What published/ tells of a visitor.
sub told {
    my ($name) = @_;
    return scalar qx{@{[ $s->tool('tool_known') ]} get @{[ $s->dir ]}/store $name 2>&1};
}

$s->visit(['shop.test', 'browser-one', 'GET', '/'], ['shop.test', 'browser-one', 'GET', '/cart'],
    ['shop.test', 'browser-two', 'GET', '/'], ['shop.test', 'browser-two', 'GET', '/cart'],
    ['shop.test', 'browser-ana', 'GET', '/', 'contact=email=ana%40example.com&consent=1'],
    ['shop.test', 'browser-ana', 'GET', '/thanks?order=7&total=20', 'event=purchase; order=7; total=20']);
$s->wait_for(sub { told('browser-one') =~ /score/ && told('browser-two') =~ /score/
    && told('browser-ana') =~ /personal/ }, 'it is published');
isnt(told('browser-one'), '', 'something is known of the first');

$s->visit(['shop.test', 'browser-one', 'GET', '/', 'forget'],
    ['shop.test', 'browser-ana', 'GET', '/', 'forget']);
$s->wait_for(sub { told('browser-one') eq '' && told('browser-ana') eq '' }, 'it is taken back');
pass('nothing is told of who withdrew consent');
like(told('browser-two'), qr/score/, 'of others it still is');
my ($out) = $s->senda('contacts', 'list');
like($out, qr/ana\@example\.com/, 'a contact stays a contact');

# A later visit of the same browser is nobody's.
$s->visit(['shop.test', 'browser-ana', 'GET', '/cart']);
$s->wait_for(sub { $s->log =~ m{visit /cart by visitor [0-9a-f]+} }, 'it is followed');
unlike(($s->log =~ m{(visit /cart by \S+@\S+)})[0] // '', qr/ana/, 'not by Ana any more');

# Lived again, it is the same.
my $two = told('browser-two');
$s->stop;
$s->start('--show');
$s->wait_for(sub { $s->log =~ /visits of history/ }, 'history was lived again');
is(told('browser-one'), '', 'after a restart nothing is told of the first');
is(told('browser-two'), $two, '… and of the second what was');
$s->visit(['shop.test', 'browser-one', 'GET', '/']);
$s->wait_for(sub { told('browser-one') ne '' }, 'who comes back is known anew');
like(told('browser-one'), qr/score\D*5$/m, '… with what it did since and nothing of before');

$s->done;
done_testing();
