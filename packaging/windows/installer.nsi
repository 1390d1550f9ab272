; The installer for Windows: for one user, without administrator's rights. `packaging/build windows` makes it, and defines VERSION,
; STAGE (the folder of what is installed), SETUP (the installer's path) and APP_USER_MODEL_ID.
;
; It adds nothing to what is launched at login: that is the program's own, opt-in.
Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
ManifestDPIAware true
RequestExecutionLevel user

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh
!include packaging/windows/user-path.nsh

!define UNINSTALL_KEYS "Software\Microsoft\Windows\CurrentVersion\Uninstall"
!define UNINSTALL_KEY "${UNINSTALL_KEYS}\Context Tray"
!define MODEL_KEYS "Software\Classes\AppUserModelId"
!define MODEL_KEY "${MODEL_KEYS}\${APP_USER_MODEL_ID}"
!define SHORTCUT "$SMPROGRAMS\Context Tray.lnk"

Name "Context Tray"
OutFile "${SETUP}"
InstallDir "$LOCALAPPDATA\Programs\Context Tray"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "Context Tray ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "Context Tray"
VIAddVersionKey FileDescription "Installs Context Tray"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey LegalCopyright "MIT or Apache 2.0"

!define MUI_ICON "${STAGE}/context-tray.ico"
!define MUI_UNICON "${STAGE}/context-tray.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\context-tray.exe"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; The name that notifications bear, and the icon: for the system, which finds both by the identifier.
!macro RegisterAppUserModelId
    WriteRegStr HKCU "${MODEL_KEY}" "DisplayName" "Context Tray"
    WriteRegStr HKCU "${MODEL_KEY}" "IconUri" "$INSTDIR\context-tray.ico"
!macroend

; A shortcut in the Start menu that bears the same identifier, which NSIS' own CreateShortcut can't give it.
!macro CreateStartMenuShortcut
    !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
    ${If} $0 P<> 0
        ${IShellLink::SetPath} $0 '("$INSTDIR\context-tray.exe")'
        ${IShellLink::SetIconLocation} $0 '("$INSTDIR\context-tray.ico", 0)'
        ${IShellLink::SetDescription} $0 '("Keeps a local record of what happens in your projects")'
        ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}", .r1)'
        ${If} $1 P<> 0
            System::Call '*(&w${NSIS_MAX_STRLEN} "${APP_USER_MODEL_ID}")p.r4'
            System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r2'
            System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},,p r4)p.r3'
            ${IPropertyStore::SetValue} $1 '($2, $3)'
            ${IPropertyStore::Commit} $1 ""
            System::Free $2
            System::Free $3
            System::Free $4
            ${IUnknown::Release} $1 ""
        ${EndIf}
        ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}", .r1)'
        ${If} $1 P<> 0
            ${IPersistFile::Save} $1 '("${SHORTCUT}", 1)'
            ${IUnknown::Release} $1 ""
        ${EndIf}
        ${IUnknown::Release} $0 ""
    ${EndIf}
!macroend

; For "Apps & Features".
!macro RegisterUninstaller
    WriteUninstaller "$INSTDIR\uninstall.exe"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Context Tray"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\context-tray.ico"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "The Context Tray maintainers"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
!macroend

Section
    ; What runs of an older version has its files open: it ends, and runs again when the new one is there.
    StrCpy $9 1
    ${If} ${FileExists} "$INSTDIR\ctx.exe"
        nsExec::Exec '"$INSTDIR\ctx.exe" agent status'
        Pop $9
        nsExec::Exec '"$INSTDIR\ctx.exe" agent stop'
        Pop $0
    ${EndIf}
    SetOutPath "$INSTDIR"
    File "${STAGE}/context-tray.exe"
    File "${STAGE}/ctx.exe"
    File "${STAGE}/context-tray.ico"
    File "${STAGE}/LICENSE-MIT.txt"
    File "${STAGE}/LICENSE-APACHE.txt"
    File "${STAGE}/third-party.txt"
    !insertmacro RegisterAppUserModelId
    !insertmacro CreateStartMenuShortcut
    !insertmacro RegisterUninstaller
    !insertmacro AddToUserPath "$INSTDIR"
    ${If} $9 == 0
        Exec '"$INSTDIR\context-tray.exe"'
    ${EndIf}
SectionEnd

; Settings, the list of projects, the program's own logs. A command that could not be written into its project yet lies there
; too: then it stays. What is recorded lies in the projects and is never touched.
!macro RemoveData
    RMDir "$LOCALAPPDATA\context-tray\spool"
    ${IfNot} ${FileExists} "$LOCALAPPDATA\context-tray\spool\*.*"
        RMDir /r "$LOCALAPPDATA\context-tray"
    ${EndIf}
    RMDir /r "$APPDATA\context-tray"
!macroend

Section Uninstall
    SetOutPath "$TEMP"
    nsExec::Exec '"$INSTDIR\ctx.exe" stop --all'
    Pop $0
    nsExec::Exec '"$INSTDIR\ctx.exe" agent stop'
    Pop $0
    nsExec::Exec '"$INSTDIR\ctx.exe" autostart disable'
    Pop $0
    !insertmacro RemoveFromUserPath "$INSTDIR"
    DeleteRegKey HKCU "${MODEL_KEY}"
    DeleteRegKey HKCU "${UNINSTALL_KEY}"
    ; What holds them, where that is there for their sake alone; likewise with the folder below.
    DeleteRegKey /ifempty HKCU "${MODEL_KEYS}"
    DeleteRegKey /ifempty HKCU "${UNINSTALL_KEYS}"
    Delete "${SHORTCUT}"
    Delete "$INSTDIR\context-tray.exe"
    Delete "$INSTDIR\ctx.exe"
    Delete "$INSTDIR\context-tray.ico"
    Delete "$INSTDIR\LICENSE-MIT.txt"
    Delete "$INSTDIR\LICENSE-APACHE.txt"
    Delete "$INSTDIR\third-party.txt"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    RMDir "$LOCALAPPDATA\Programs"
    ; `/KEEP`, or the answer, keeps what the program knows for a later installation.
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/KEEP" $1
    ${If} ${Errors}
        MessageBox MB_YESNO|MB_ICONQUESTION "Remove the settings and the list of projects too? What was recorded stays in the projects." \
            /SD IDYES IDNO keep
        !insertmacro RemoveData
        keep:
    ${EndIf}
SectionEnd
