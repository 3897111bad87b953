import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledProposals
import DecoupledVision

/// `decoupled proposals`: boxes that are likely to hold an object.
struct Proposals: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Propose boxes that are likely to hold whole objects (Edge Boxes), as CSV or JSON and as pictures.")

  @Argument(help: "Images, or folders of images.")
  var inputs: [String]

  @OptionGroup var boxes: EdgeBoxesOptions

  @Option(help: "File to write; standard output when left out.")
  var output: String?

  @Flag(help: "One JSON object per image instead of CSV.")
  var json = false

  @Option(help: "Folder for pictures of the best boxes and of the edges.")
  var pictures: String?

  @Option(help: "Boxes drawn in a picture.")
  var top = 20

  @Option(help: "Threads; 0 takes what the machine gives.")
  var threads = 0

  func validate() throws {
    guard (1...1000).contains(top) else { throw ValidationError("--top must lie between 1 and 1000, not \(top).") }
  }

  func run() throws {
    let settings = try boxes.settings()
    Log.setHandler { level, message in if level >= .warning { Console.note("\(level): \(message)") } }
    let proposals = try ObjectProposals(detector: try boxes.detector(), settings: settings)
    let paths = try inputs.flatMap(ImageFiles.list)
    try ImageFiles.checkTargets(paths, in: pictures, endings: ["-boxes.jpg", "-edges.png"])
    let control = RunControl(threads: threads)
    var (failures, count) = (0, 0)
    var lines = json ? [] : ["image,x,y,width,height,score"]
    func flush() {
      if output == nil { for line in lines { print(line) } } else { return }
      lines = []
    }
    for start in stride(from: 0, to: paths.count, by: control.pool.lanes) {
      let chunk = Array(paths[start..<min(start + control.pool.lanes, paths.count)])
      Console.progress("\(start)/\(paths.count) \(chunk[0])")
      nonisolated(unsafe) var results = [Result<[BoxProposal], any Error>?](repeating: nil, count: chunk.count)
      results.withUnsafeMutableBufferPointer { results in
        nonisolated(unsafe) let results = results
        control.pool.forEach(chunk.count) { index, _ in
          results[index] = Result { try propose(chunk[index], proposals) }
        }
      }
      Console.endProgress()
      for (path, result) in zip(chunk, results) {
        switch result {
        case .success(let found):
          lines += try json ? [Self.json(path, found)] : found.map { Self.row(path, $0) }
          count += found.count
        case .failure(let error as EngineError) where error.status == .format || !FileAccess.isFile(path):
          // One damaged photo must not cost the rest of a folder.
          Console.note("Error: \(error)")
          failures += 1
        case .failure(let error): throw error
        case nil: failures += 1
        }
      }
      flush()
    }
    if let output {
      try FileAccess.write(text: lines.joined(separator: "\n") + "\n", to: output)
      print("\(output): \(count) boxes of \(paths.count - failures) images")
    }
    if let pictures { Console.note("Wrote <image>-boxes.jpg and <image>-edges.png to '\(pictures)'.") }
    if failures > 0 {
      Console.note("\(failures) of \(paths.count) images could not be read.")
      throw ExitCode(1)
    }
  }

  private func propose(_ path: String, _ proposals: ObjectProposals) throws -> [BoxProposal] {
    let image = try ImageReader.read(path)
    let edges = try proposals.detector.edges(in: image)
    let found = proposals.boxes.proposals(from: edges.thinned())
    if let pictures {
      try FileAccess.makeFolder(pictures)
      let stem = FilePaths.join(pictures, FilePaths.stem(of: path))
      try JPEGWriter.write(image.drawing(found.prefix(top)), to: stem + "-boxes.jpg")
      let clean = edges.thinned(radius: 1, border: 5, tolerance: 1.01)
      try PNGWriter.write(try HeatMap.draw(clean.image, range: 0...1), to: stem + "-edges.png")
    }
    return found
  }

  private static func row(_ path: String, _ box: BoxProposal) -> String {
    let name =
      path.contains { ",\"\n".contains($0) }
      ? "\"\(path.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : path
    return "\(name),\(box.x),\(box.y),\(box.width),\(box.height),\(box.score)"
  }

  private struct Line: Encodable {
    let image: String
    let boxes: [BoxProposal]
  }

  private static func json(_ path: String, _ boxes: [BoxProposal]) throws -> String {
    try JSONText.of(Line(image: path, boxes: boxes))
  }
}
