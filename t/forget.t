# Consent that is withdrawn, in the sidecar: what it knew of the visitor is gone, what
# was published is taken back, and all of that stays so when history is lived again. A contact
# stays a contact, with what it bought, and loses what its browsers had only looked at.

use strict;
use warnings;
use lib 't/lib';
use Senda::Sidecar;
use Test::More;

my $rules = <<'END';
tag fan when visits home 2 times within 1 day

score +5 when visits home
score +20 when buys
tag buyer when buys

flow basket
  start when visits cart
  again always
  wait 1 day
  send email basket

flow thanks
  start when buys
  again always
  wait 1 day
  send email thanks
END

my $s = Senda::Sidecar->new(rules => $rules);
$s->template($_) for qw(basket thanks);
$s->start('--show');

# What published/ tells of a visitor.
sub told {
    my ($name) = @_;
    return scalar qx{@{[ $s->tool('tool_known') ]} get @{[ $s->dir ]}/store $name 2>&1};
}

$s->visit(['shop.test', 'browser-one', 'GET', '/'], ['shop.test', 'browser-one', 'GET', '/cart'],
    ['shop.test', 'browser-two', 'GET', '/'], ['shop.test', 'browser-two', 'GET', '/cart'],
    ['shop.test', 'browser-ana', 'GET', '/', 'contact=email=ana%40example.com&consent=1'],
    ['shop.test', 'browser-ana', 'GET', '/thanks?order=7&total=20', 'event=purchase; order=7; total=20'],
    ['shop.test', 'ana-phone', 'GET', '/', 'contact=email=ana%40example.com'],
    ['shop.test', 'ana-phone', 'GET', '/cart']);
$s->wait_for(sub { told('browser-one') =~ /score/ && told('browser-two') =~ /score/
    && told('browser-ana') =~ /personal/ }, 'it is published');
isnt(told('browser-one'), '', 'something is known of the first');
$s->wait_for(sub { $s->log =~ /"basket" starts/ && $s->log =~ /"thanks" starts/ }, 'two flows run for Ana');
$s->wait_for(sub { told('ana-phone') =~ /score 30$/m }, 'Ana has points of pages and of her order');

$s->visit(['shop.test', 'browser-one', 'GET', '/', 'forget'],
    ['shop.test', 'browser-ana', 'GET', '/', 'forget']);
$s->wait_for(sub { told('browser-one') eq '' && told('browser-ana') eq '' }, 'it is taken back');
pass('nothing is told of who withdrew consent');
$s->wait_for(sub { told('ana-phone') =~ /score 20$/m },
    'on her other browser she has the points of her order alone');
like(told('browser-two'), qr/score/, 'of others it still is');
like($s->log, qr/"basket" stops/, 'the flow that her visit began ends');
unlike($s->log, qr/"thanks" stops/, '… that of her order goes on');
my ($out) = $s->senda('contacts', 'list');
like($out, qr/ana\@example\.com/, 'a contact stays a contact');

# A later visit of the same browser is nobody's.
$s->visit(['shop.test', 'browser-ana', 'GET', '/later']);
$s->wait_for(sub { $s->log =~ m{visit /later by visitor [0-9a-f]+} }, 'it is followed');
unlike($s->log, qr{visit /later by ana}, 'not by Ana any more');

# Lived again, it is the same.
my $two = told('browser-two');
$s->stop;
$s->start('--show');
$s->wait_for(sub { $s->log =~ /visits of history/ }, 'history was lived again');
like($s->log, qr/visits of history, 1 runs go on/, 'the flow of her order goes on, and no other');
is(told('browser-one'), '', 'after a restart nothing is told of the first');
is(told('browser-two'), $two, '… and of the second what was');
$s->visit(['shop.test', 'ana-phone', 'GET', '/']);
$s->wait_for(sub { told('ana-phone') =~ /score 25$/m }, 'her points go on from those of the order');
$s->visit(['shop.test', 'browser-one', 'GET', '/']);
$s->wait_for(sub { told('browser-one') ne '' }, 'who comes back is known anew');
like(told('browser-one'), qr/score\D*5$/m, '… with what it did since and nothing of before');

$s->done;
done_testing();
