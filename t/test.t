#!/usr/bin/perl

# senda test: the examples and our own rule files pass; a failing block says what was expected, what
# came instead and what did not, and why; exit statuses.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

my $senda = ($ENV{SENDA_BUILD} // 'build') . '/senda';
my $shared = ($ENV{SENDA_SHARED} // '../shared') . '/examples';
my $data = 'tests/data';
my $tmp = tempdir(CLEANUP => 1);

plan skip_all => "no $senda" unless -x $senda;

# Exit status, standard output, standard error.
sub run {
    my (@args) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";

    if ($pid == 0) {
        open(STDERR, '>', "$tmp/err");
        exec($senda, @args) or exit(127);
    }
    local $/;
    my $text = <$out> // '';
    close($out);
    my $status = $? >> 8;
    open(my $err, '<', "$tmp/err") or die;
    return ($status, $text, <$err> // '');
}

sub file {
    my ($text) = @_;
    open(my $out, '>', "$tmp/rules.senda") or die;
    print $out $text;
    close($out);
    return "$tmp/rules.senda";
}

# All blocks pass, also of several files at once.
my @files = grep { -r } map { "$data/$_.senda" } qw(shoes zapateria historias language_en language_es
    spec edges);
push @files, grep { -r } map { "$shared/$_.senda" } qw(shoes zapateria);
for my $file (@files) {
    my ($status, $text, $err) = run('test', $file);
    is($status, 0, "$file passes") or diag($text, $err);
    like($text, qr/^ok     \Q$file\E:\d+ /m, '… and has tests');
    like($text, qr/^[1-9]\d* (?:tests?, 0 failed|pruebas?, 0 fallidas)$/m, '… all of them');
}
{
    my ($status, $text) = run('test', "$data/shoes.senda", "$data/zapateria.senda");
    my ($n) = $text =~ /^(\d+) tests, 0 failed$/m;
    is($status, 0, 'two files');
    is(scalar(() = $text =~ /^ok /mg), $n, 'one line a test');
}

# A failing block shows what happened instead.
{
    my ($status, $text) = run('test', "$data/failing.senda");
    is($status, 1, 'a failing block');
    like($text, qr/^FAILED $data\/failing\.senda:\d+ this one fails$/m, 'is named');
    like($text, qr/^ok     $data\/failing\.senda:\d+ this one passes$/m, 'the others run');
    like($text, qr/line 22: expected: gets email cart-1 at 10:30 \(day 1 10:30; it came day 1 11:00\)\n/,
        'what was expected');
    like($text, qr/day 1 10:00 +visits \/cart \(cart\)\n/, 'what was done');
    like($text, qr/day 1 11:00 +gets email cart-1 \("abandoned cart"\)  \[$data\/failing\.senda:14\]\n/,
        'what came instead, and by which line');
    like($text, qr/^2 tests, 1 failed$/m, 'summary');
    my ($both, $all) = run('test', "$data/failing.senda", "$data/shoes.senda");
    is($both, 1, 'one of two files');
    like($all, qr/^ok     $data\/shoes\.senda/m, '… the other runs');
}

# What did not happen, day after day, is told once.
{
    my $rules = file(<<'END');
sitio tienda.example.com
  zona Europe/Madrid
  idioma es
página cesta  /cesta
flujo diario
  empieza cada día a las 10:00 para visita cesta
  repite nunca
  envía email uno
prueba "cada día no"
  contacto ana@example.com
  visita /cesta a las 12:00
  recibe email uno a las 10:00 del día 3
END
    my ($status, $text) = run('test', $rules);
    is($status, 1, 'una que falla');
    like($text, qr/^FALLA  \S+:9 cada día no$/m, 'con sus palabras');
    like($text, qr/^1 prueba, 1 fallida$/m, 'también en la suma');
    like($text, qr/línea 12: se esperaba: recibe email uno a las 10:00 del día 3 \(día 3 10:00; llegó día 2 10:00\)\n/,
        'en la lengua del archivo');
    like($text, qr/día 3 10:00 +no empieza el flujo "diario": empieza una sola vez por persona \(\d+ veces, la última día \d+ 10:00\)/,
        'una sola línea');
    is(scalar(() = $text =~ /no empieza/g), 1, '… de verdad');
}

# One is not several; of files in several languages the sum is in English.
{
    my $one = file("page cart /cart\ntest one\n  visit /cart\n  expect visits cart\n");
    my ($status, $text) = run('test', $one);
    is("$status $text", "0 ok     $one:2 one\n1 test, 0 failed\n", 'one test');
    ($status, $text) = run('test', $one, "$data/zapateria.senda");
    like($text, qr/^\d+ tests, 0 failed$/m, 'two languages');
    ($status, $text) = run('test', "$data/zapateria.senda");
    like($text, qr/^\d+ pruebas, 0 fallidas$/m, 'Spanish');
}

# What the browser keeps to itself, whole addresses, a position that no event declares, money.
{
    my $rules = file(<<'END');
site www.shop.example.com
  language en
place store 40.4168, -3.7038 radius 300 m
page cart /cart
page thanks /thanks?total={total}
event passes_by from api with store text
flow near
  start when arrives at store
  again never
  credit $27 valid 3 days
  send push near
score +10 when visits thanks with total > 900€
test "addresses"
  visit /cart#top
  visit https://shop.example.com/cart?a=1#top
  expect visits cart 2 times
test "a position"
  passes_by with lat=40.4169 lon=-3.7037
  gets push near
test "money"
  visit /thanks?total=10
  expect score = 0
  visit /thanks?total=900.01
  expect score = 10
END
    my ($status, $text, $err) = run('test', $rules);
    is($status, 1, 'dollars in a shop of euros');
    like($err, qr/rules\.senda:10:10: error: the site's currency is EUR, not \$\n/, '… are said');
    system('sed', '-i', 's/\$27/27€/', $rules);
    ($status, $text, $err) = run('test', $rules);
    is($status, 0, 'addresses, positions, money') or diag($text, $err);
    like($text, qr/^3 tests, 0 failed$/m, '… all three');
}

# Exit statuses.
{
    my ($status, undef, $err) = run('test', "$tmp/none");
    is($status, 2, 'no such file');
    like($err, qr/none/, '… is named');
    ($status, undef, $err) = run('test', file("page cart\n"));
    is($status, 1, 'mistakes');
    like($err, qr/rules\.senda:1:/, '… with their place');
    ($status) = run('test');
    is($status, 2, 'no file');
}

done_testing();
