; A folder in the PATH of this user's environment, put there and taken out with every other character as it was.
;
; By the system's own functions in memory of its own: a string of NSIS ends at 1,024 characters, and a longer PATH would lose the
; rest. In that memory the value stands between two semicolons, so that a folder is looked for as ";folder;".
!include LogicLib.nsh
!include WinMessages.nsh

; HKEY_CURRENT_USER, and strings that may hold references to other variables, which stay unexpanded.
!define USER_HIVE -2147483647
!define ANY_STRING 0x10000006
!define EXPANDABLE 2
!define NOT_FOUND 2

; $0 is 0 from now on if the value could be read or there is none, $1 its type, $3 the memory.
!macro ReadUserPath FOLDER
    System::Call 'advapi32::RegGetValueW(p ${USER_HIVE}, w "Environment", w "Path", i ${ANY_STRING}, *i .r1, p 0, *i 0 r2) i .r0'
    ${If} $0 = ${NOT_FOUND}
        StrCpy $0 0
        StrCpy $1 ${EXPANDABLE}
        StrCpy $2 0
    ${EndIf}
    StrLen $3 "${FOLDER}"
    IntOp $3 $3 * 2
    IntOp $3 $3 + $2
    IntOp $3 $3 + 16
    System::Alloc $3
    Pop $3
    System::Call '*$3(&w2 ";")'
    ${If} $0 = 0
    ${AndIf} $2 > 2
        IntPtrOp $5 $3 + 2
        System::Call 'advapi32::RegGetValueW(p ${USER_HIVE}, w "Environment", w "Path", i ${ANY_STRING}, p 0, p r5, *i r2) i .r0'
        System::Call 'kernel32::lstrcatW(p r3, w ";")'
    ${EndIf}
!macroend

; Writes what stands between the first and the last semicolon, or removes the value when nothing does, and tells the desktop.
!macro WriteUserPath
    System::Call 'kernel32::lstrlenW(p r3) i .r2'
    ${If} $2 > 2
        IntOp $2 $2 * 2
        IntPtrOp $5 $3 + $2
        IntPtrOp $5 $5 - 2
        System::Call '*$5(&i2 0)'
        IntOp $2 $2 - 2
        IntPtrOp $5 $3 + 2
        System::Call 'advapi32::RegSetKeyValueW(p ${USER_HIVE}, w "Environment", w "Path", i r1, p r5, i r2) i .r0'
    ${Else}
        DeleteRegValue HKCU "Environment" "Path"
    ${EndIf}
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
!macroend

!macro AddToUserPath FOLDER
    !insertmacro ReadUserPath "${FOLDER}"
    System::Call 'shlwapi::StrStrIW(p r3, w ";${FOLDER};") p .r5'
    ${If} $0 = 0
    ${AndIf} $5 P= 0
        System::Call 'kernel32::lstrcatW(p r3, w "${FOLDER};")'
        !insertmacro WriteUserPath
    ${EndIf}
    System::Free $3
!macroend

!macro RemoveFromUserPath FOLDER
    !insertmacro ReadUserPath "${FOLDER}"
    System::Call 'shlwapi::StrStrIW(p r3, w ";${FOLDER};") p .r5'
    ${If} $0 = 0
    ${AndIf} $5 P<> 0
        ; The rest, with its end, moves over ";folder".
        StrLen $2 ";${FOLDER}"
        IntOp $2 $2 * 2
        IntPtrOp $6 $5 + $2
        System::Call 'kernel32::lstrlenW(p r6) i .r2'
        IntOp $2 $2 + 1
        IntOp $2 $2 * 2
        System::Call 'ntdll::RtlMoveMemory(p r5, p r6, p r2)'
        !insertmacro WriteUserPath
    ${EndIf}
    System::Free $3
!macroend
