página points  /points
página bonus   /bonus
página slow    /slow
puntos +10  cuando visita points
puntos +7   cuando visita bonus           una vez
puntos +3   cuando visita slow            cada 1 día
puntos -20  cuando no visita en 60 días    cada 60 días
