/* Lets no program link that holds networks with kernels of different versions of mcutune: each network asks for the
 * first name, and the second may be there once only. */
extern const char mt_runtime_@runtime_key@;
extern const char mt_runtime_of_one_version_only;

const char mt_runtime_@runtime_key@ = 0;
const char mt_runtime_of_one_version_only = 0;
