class ContextTray < Formula
  desc "Local record of what happens in each of your projects"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/releases/download/v@VERSION@/context-tray-@VERSION@-source.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    man1.install Dir["packaging/man/*.1"]
    bash_completion.install "packaging/completions/ctx.bash" => "ctx"
    zsh_completion.install "packaging/completions/_ctx"
    fish_completion.install "packaging/completions/ctx.fish"
    return unless OS.mac?

    # Recent systems show the icon of nothing but an application bundle: the programs lie in one, and `bin` leads there. The
    # one with the icon is started by its own path, by which the system knows the bundle.
    system "packaging/build", "macos", bin
    prefix.install "target/packages/Context Tray.app"
    rm [bin/"ctx", bin/"context-tray"]
    bin.install_symlink prefix/"Context Tray.app/Contents/MacOS/ctx"
    bin.write_exec_script prefix/"Context Tray.app/Contents/MacOS/context-tray"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/ctx --version")
    system bin/"ctx", "init", testpath/"garden"
    assert_path_exists testpath/"garden/.context/session.md"
  end
end
