# Context Tray: records each interactive command of a project. Needs PowerShell 7 or later.
if (-not (Test-Path Variable:Global:__CtxHook)) {
    $Global:__CtxHook = @{ Prompt = $function:prompt; Last = (Get-History -Count 1).Id; Cwd = $PWD.ProviderPath }

    function Global:__CtxRecord([bool] $Succeeded, $LastCode) {
        $Command = Get-History -Count 1
        $Cwd = $Global:__CtxHook.Cwd
        $Global:__CtxHook.Cwd = $PWD.ProviderPath
        if (-not $Command -or $Command.Id -eq $Global:__CtxHook.Last) { return }
        $Global:__CtxHook.Last = $Command.Id
        if ($Command.CommandLine -match '^\s' -or $env:CONTEXT_TRAY_DISABLE -eq '1') { return }
        $Folder = $Cwd
        while ($Folder -and -not [IO.Directory]::Exists([IO.Path]::Combine($Folder, '.context'))) {
            $Folder = [IO.Path]::GetDirectoryName($Folder)
        }
        if (-not $Folder) { return }
        $Code = if ($Succeeded) { 0 } elseif ($LastCode) { $LastCode } else { 1 }
        $Began = $Command.StartExecutionTime.ToUniversalTime() - [DateTime]::UnixEpoch
        $Took = $Command.EndExecutionTime - $Command.StartExecutionTime
        $Start = [Diagnostics.ProcessStartInfo]::new(@CTX@)
        $Start.UseShellExecute = $false
        $Start.CreateNoWindow = $true
        $Start.RedirectStandardInput = $Start.RedirectStandardOutput = $Start.RedirectStandardError = $true
        foreach ($Word in '-C', $Cwd, 'hook', 'record', '--exit-code', $Code, '--began-us', [long] ($Began.Ticks / 10),
            '--duration-ms', [long] $Took.TotalMilliseconds, "--after=$($Global:__CtxHook.Before)", '--', $Command.CommandLine) {
            $Start.ArgumentList.Add($Word)
        }
        $Recorder = [Diagnostics.Process]::Start($Start)
        $Global:__CtxHook.Before = $Recorder.Id
        $Recorder.Dispose()
    }

    function Global:prompt {
        $Succeeded = $?
        $LastCode = $Global:LASTEXITCODE
        try { __CtxRecord $Succeeded $LastCode } catch { }
        $Global:LASTEXITCODE = $LastCode
        # The prompt of before is to see the same result.
        if (-not $Succeeded) { Write-Error '' -ErrorAction Ignore }
        & $Global:__CtxHook.Prompt
    }
}
