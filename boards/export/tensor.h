/* @kind@ @index@, '@title@': @dtype@ @shape_list@ */
#define @NAME@_@KIND@_@index@_ELEMENTS @elements@
#define @NAME@_@KIND@_@index@_BYTES @bytes@
#define @NAME@_@KIND@_@index@_DIMENSIONS @dimensions@
#define @NAME@_@KIND@_@index@_SHAPE {@shape@}
#define @NAME@_@KIND@_@index@_SCALE @scale@
#define @NAME@_@KIND@_@index@_ZERO_POINT (@zero_point@)

