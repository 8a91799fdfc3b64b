# Alineadas a mano, con líneas que sobresalen.
página cesta      /mi_cesta                                    es view_cart
página datos      POST /pago/datos, POST /pago/otros-datos-de-envio/*   es add_shipping_info
página gracias    /gracias*?pedido={order}&total={total}, /gracias*     es purchase
página tacon      /tacon*                                      es view_item_list
página filtro     /zapatos*?color={color}
página zapatos    /zapatos/*  salvo /zapatos/*/opiniones       es view_item_list
página registro   POST /registro, POST /registro/en-la-tienda, POST /alta   es sign_up

# Una se ha corrido.
página pan            /pan              es view_item
página leche          /leche            es view_item
página queso          /queso            es view_item
página mantequilla    /mantequilla      es view_item
página café           /café             es view_item_list

# Sin alinear, una muy larga.
página a          /a     es view_cart
página bbb        /bbb   es purchase
página "日本 語"  /cc    es search
página larga      /una/direccion/que/no/acaba/nunca, /y/otra/que/tampoco/acaba, /y/otra/mas   es sign_up

evento pasa_por_tienda  desde api  con tienda texto
evento envio            desde api  con order texto
evento llega            desde api

etiqueta uno            cuando compra      # primera
etiqueta segunda        cuando visita pan  # segunda
etiqueta "tres y pico"  cuando visita leche 3 veces
