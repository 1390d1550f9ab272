/* Wine 8 lacks this library, from which the standard library takes its random numbers. Only for Wine: Windows has its own. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) {
    return RtlGenRandom(buffer, (ULONG)size);
}
