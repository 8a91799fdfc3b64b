# crlf and tabs

página cart   /cart   es view_cart  # the basket
página home   /                     # the door

flujo one
  empieza cuando compra
  repite nunca
  envía email one
