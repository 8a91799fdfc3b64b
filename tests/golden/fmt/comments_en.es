# first

# second
#third
página cart    /cart     es view_cart  # a basket
# between
página home    /                       # a door
página thanks  /thanks   es purchase   # the end
# indented, of nobody
página far     /far/*
flujo one
  # of the start
  empieza cuando visita cart           # when
  # of again
  repite nunca                         # never
  termina si compra

  # apart
  si visita home
    # in the branch
    envía email one
    # last in the branch
  # of else
  si no
    # first in the other
    espera 1 día
    # deep, last in the other
  fin
  # of the flow

# of the tag
etiqueta x cuando compra

# the tail
