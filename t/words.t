# What is made from the table of words is what the table says: the manual's
# chapter in both languages and the editors' syntax files. The files work: JSON
# parses, its expressions compile, vim colours an example.

use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8);
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $build = $ENV{SENDA_BUILD} // 'build';
my $senda = "$build/senda";
my $dir = tempdir(CLEANUP => 1);

sub slurp { local (@ARGV, $/) = @_; <> }

sub spill {
    my ($file, $text) = @_;
    open my $fh, '>:utf8', $file or die "$file: $!";
    print {$fh} $text;
    close $fh or die "$file: $!";
    return $file;
}

my %made = (
    'docs/en/words.md' => '--lang en --markdown',
    'docs/es/palabras.md' => '--lang es --markdown',
    'conf/editors/vim/syntax/senda.vim' => '--vim',
    'conf/editors/vscode/syntaxes/senda.tmLanguage.json' => '--vscode',
);
for my $file (sort keys %made) {
    my $text = qx{$senda words $made{$file}};
    is($?, 0, "senda words $made{$file}");
    ok(-e $file && slurp($file) eq $text, "$file is its output")
        or diag("make it anew: senda words $made{$file} >$file");
}

like(decode_utf8(qx{$senda words --lang es}), qr/^  página NOMBRE .*\n.*\n.*en inglés: page\n/m, 'in Spanish');
like(qx{$senda words --lang en}, qr/^  page NAME .*\n.*\n.*in Spanish: p/m, 'in English');
system("$senda words --lang fr 2>/dev/null");
is($? >> 8, 2, 'no other language');
system("$senda words --vim --vscode 2>/dev/null");
is($? >> 8, 2, 'one form at a time');

# VS Code.
my $grammar = decode_json(slurp('conf/editors/vscode/syntaxes/senda.tmLanguage.json'));
my $package = decode_json(slurp('conf/editors/vscode/package.json'));
my $settings = decode_json(slurp('conf/editors/vscode/language-configuration.json'));
is($package->{contributes}{grammars}[0]{scopeName}, $grammar->{scopeName}, 'one scope');
ok(-e "conf/editors/vscode/$_", "$_ is there")
    for $package->{contributes}{grammars}[0]{path}, $package->{contributes}{languages}[0]{configuration};
is($settings->{comments}{lineComment}, '#', 'comments');
my %scope = map { $_->{name} => qr/$_->{match}/ } @{ $grammar->{patterns} };
cmp_ok(scalar keys %scope, '>', 10, 'expressions compile, each with a name of its own');

sub scope_of {
    my ($line, $text) = @_;
    my @found = grep { my $m = $_->{match}; $line =~ /$m/ && $& =~ /^\s*\Q$text\E$/ }
        @{ $grammar->{patterns} };
    return @found ? $found[0]{name} : 'none';
}
is(scope_of('pagina cesta /cesta', 'pagina'), 'keyword.control.statement.senda', 'no accent needed');
is(scope_of('PÁGINA cesta /cesta', 'PÁGINA'), 'keyword.control.statement.senda', 'upper case');
is(scope_of('  wait 1 day', 'wait'), 'keyword.control.flow.senda', 'a line of a flow');
is(scope_of('  stop if adds to cart', 'adds to cart'), 'entity.name.function.senda', 'a whole verb');
is(scope_of('page a /b#c # why', '# why'), 'comment.line.number-sign.senda', 'a comment');
is(scope_of('page visitsx /b', 'visits'), 'none', 'no piece of a name');

# vim.
my $vim = grep { -x "$_/vim" } split /:/, $ENV{PATH};
SKIP: {
    skip 'vim is not installed', 1 unless $vim;
    my $rules = spill("$dir/a.senda", "# why\npágina cesta /cesta/{item}  es view_cart\n"
        . "flow \"a b\"\n  start when visits cesta and not buys within 15 min\n");
    my @places = ([1, 1, 'Comment'], [2, 1, 'Statement'], [2, 15, 'Pattern'], [2, 22, 'Capture'],
        [2, 31, 'Type'], [3, 7, 'String'], [4, 3, 'Keyword'], [4, 9, 'Operator'], [4, 14, 'Function'],
        [4, 21, ''], [4, 50, 'Number']);
    my $ask = join ', ', map { "synIDattr(synID($_->[0], $_->[1], 1), 'name')" } @places;
    spill("$dir/ask.vim", "set nocompatible encoding=utf-8\nset rtp^=conf/editors/vim\n"
        . "filetype on\nsyntax on\nedit $rules\ncall writefile([&filetype, $ask], '$dir/said')\nqa!\n");
    system("TERM=dumb timeout 60 vim -e -s -u NONE -i NONE -n -S $dir/ask.vim </dev/null >$dir/log 2>&1");
    my $want = join '', map { "$_\n" } 'senda', map { $_->[2] && "senda$_->[2]" } @places;
    is(-e "$dir/said" ? slurp("$dir/said") : slurp("$dir/log"), $want, 'vim loads it and colours a file');
}

done_testing();
