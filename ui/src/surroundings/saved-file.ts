// Hand a text to whoever looks as a file, as if it had been downloaded.

export function saveFile(name: string, text: string, type = "application/json"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser takes hold of it while the press is handled.
  setTimeout(() => URL.revokeObjectURL(address));
}
