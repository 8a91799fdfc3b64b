au BufRead,BufNewFile *.senda setfiletype senda
