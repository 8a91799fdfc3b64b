# senda explain and senda draw from outside: their exit statuses, what they say of wrong files and
# names, and that the manual shows what they really say.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

my $senda = ($ENV{SENDA_BUILD} // 'build') . '/senda';
my $tmp = tempdir(CLEANUP => 1);

plan skip_all => "no $senda" unless -x $senda;

# What a command writes and says, and its exit status.
sub run {
    my @command = @_;
    my $pid = open(my $from, '-|') // die "fork: $!";
    if (!$pid) {
        open STDERR, '>', "$tmp/err" or die $!;
        exec $senda, @command or die "exec: $!";
    }
    my $out = do { local $/; <$from> } // '';
    close $from;
    return ($out, slurp("$tmp/err"), $? >> 8);
}

sub slurp {
    my ($file) = @_;
    open my $fh, '<', $file or return '';
    local $/;
    return <$fh> // '';
}

my ($out, $err, $status) = run('explain', 'tests/data/shoes.senda');
is($status, 0, 'a whole file');
like($out, qr/^The flow .*abandoned cart/m, 'says its flows');
is($err, '', 'and nothing else');

($out, $err, $status) = run('explain', 'tests/golden/flow_en.senda');
is($status, 1, 'a file with mistakes');
is($out, '', 'is not explained');
like($err, qr/flow_en\.senda:\d+:\d+: error:/, 'its mistakes are said');

($out, $err, $status) = run('explain', "$tmp/none.senda");
is($status, 2, 'a file that is not there');

($out, $err, $status) = run('explain', 'tests/data/shoes.senda', 'welcom');
is($status, 1, 'a name that is not there');
like($err, qr/Did you mean .*welcome/, 'the nearest is named');

($out, $err, $status) = run('explain', 'tests/data/shoes.senda', '--url', 'https://else.example.com/');
is($status, 1, "another site's address");

($out, $err, $status) = run('explain', 'tests/data/shoes.senda', 'welcome', '--lang', 'fr');
is($status, 2, 'a language that it does not speak');

# The manual shows what is said.
for my $case (
    [ 'docs/en/tools.md', 'tests/data/shoes.senda', 'abandoned cart' ],
    [ 'docs/en/tools.md', 'tests/data/shoes.senda', '--url', '/heels/reviews/1' ],
    [ 'docs/es/herramientas.md', 'tests/data/zapateria.senda', 'carrito abandonado' ],
    [ 'docs/es/herramientas.md', 'tests/data/zapateria.senda', '--url', '/zapatos/x/opiniones' ],
) {
    my ($manual, @command) = @$case;
    ($out) = run('explain', @command);
    ok(index(slurp($manual), "```text\n$out```\n") >= 0, "$manual shows explain @command[1 .. $#command]");
}

($out, $err, $status) = run('draw', 'tests/data/shoes.senda', 'welcome', '--dot');
is($status, 0, 'draw --dot needs no library');
like($out, qr/^digraph \{/, 'and writes DOT');

($out, $err, $status) = run('draw', 'tests/data/shoes.senda', 'nowhere');
is($status, 1, 'a flow that is not there');
like($err, qr/there is no flow called/, 'and it is said');

($out, $err, $status) = run('draw', 'tests/data/shoes.senda', 'welcome', '-o', "$tmp/no/such.svg");
is($status, 2, 'a picture that cannot be written');

SKIP: {
    skip 'built without graphviz', 3 if $err =~ /no graphviz/;
    ($out, $err, $status) = run('draw', 'tests/data/shoes.senda', 'welcome', '-o', "$tmp/x.svg");
    is($status, 0, 'draw -o');
    is($out, '', 'writes nothing else');
    like(slurp("$tmp/x.svg"), qr/^<svg .*<\/svg>\n\z/s, 'but the picture');
}

done_testing();
