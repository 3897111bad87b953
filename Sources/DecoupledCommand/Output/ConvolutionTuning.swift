import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import Glibc

/// Times the algorithms of the backend `cpu` for the 3x3 convolutions of the presets, and writes the source file from which it
/// takes its choice.
struct ConvolutionTuning {
  let backend: Backend
  let control: RunControl
  let runs: Int

  /// Those with smaller tiles, whose weights take less memory, first.
  private static let algorithms = ["winograd4", "winograd6", "direct"]
  /// How much faster one must be to be preferred to one before it, beyond what measurements vary by.
  private static let margin = 0.95

  /// Weights of larger tiles take 7.1 instead of 4 times the memory, which a few percent of a layer with many channels are not worth.
  private static let largeTiles = 1
  private static let mostLargeWeights = 256 * 256

  private struct Shape: Hashable {
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int
  }

  /// The file for the variant of the backend.
  func table() throws -> String {
    guard backend.info.name == "cpu", let level = backend.info.variant.split(separator: "-").last else {
      throw EngineError(
        .invalidArgument, "There is nothing to tune in the backend '\(backend.info.name)'; give --backend cpu.")
    }
    let lines = try shapes().map { shape in
      let times = try Self.algorithms.map { try seconds(shape, $0) }
      var best = 0
      for candidate in times.indices where times[candidate] < Self.margin * times[best] {
        if candidate != Self.largeTiles || shape.inputs * shape.outputs <= Self.mostLargeWeights { best = candidate }
      }
      let found = times.map { Console.decimal(1e6 * $0, 0) }.joined(separator: ", ")
      let key = "\(shape.inputs), \(shape.outputs), \(shape.height), \(shape.width)"
      return "      ConvolutionShape(\(key)): .\(Self.algorithms[best]),  // \(found)"
    }
    return """
      // Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
      // microseconds of \(Self.algorithms.joined(separator: ", ")) with \(control.pool.lanes) threads.
      #if X86_64_\(level.uppercased())
        extension ConvolutionTable {
          static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      \(lines.joined(separator: "\n"))
          ]
        }
      #endif

      """
  }

  /// Of the convolutions, and of the transposed ones, which are computed as convolutions.
  private func shapes() throws -> [Shape] {
    var found: [Shape] = []
    for preset in NetworkDescription.presetNames {
      guard var description = NetworkDescription(preset: preset) else { continue }
      for size in [description.inputSize, 224] where size <= description.inputSize {
        description.inputSize = size
        let graph = try PredictionGraph(description, images: 1, rows: 1, seeds: 1).graph
        for node in graph.nodes where node.operation is Conv || node.operation is ConvTranspose {
          guard let x = node.inputs[0], let w = node.inputs[1], graph[w].type.shape[2...] == [3, 3] else { continue }
          let (from, to) = (graph[x].type.shape, graph[node.outputs[0]].type.shape)
          let shape = Shape(inputs: from[1], outputs: to[1], height: to[2], width: to[3])
          // Smaller ones run in other kernels.
          guard min(shape.inputs, shape.outputs) >= 16, shape.height * shape.width >= 36 else { continue }
          if !found.contains(shape) { found.append(shape) }
        }
      }
    }
    return found
  }

  /// The least time of the convolution alone.
  private func seconds(_ shape: Shape, _ algorithm: String) throws -> Double {
    setenv("DECOUPLED_CPU_CONVOLUTION", algorithm, 1)
    defer { unsetenv("DECOUPLED_CPU_CONVOLUTION") }
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [1, shape.inputs, shape.height, shape.width]))
    let w = try graph.addParameter("w", [shape.outputs, shape.inputs, 3, 3])
    let b = try graph.addParameter("b", [shape.outputs])
    let made = try graph.add1(Conv(SlidingWindow(3, pad: 1)), [x, w, b], name: "convolution")
    let y = try graph.add1(Relu(), [made], name: "relu")
    let parameters = ParameterStore()
    var random = CounterRandom(seed: 1, stream: 0, index: 0)
    func tensor(_ dims: [Int]) throws -> Tensor {
      try Tensor((0..<dims.reduce(1, *)).map { _ in Float(random.uniform(-1...1)) }, shape: dims)
    }
    parameters["w"] = try tensor(graph[w].type.shape)
    parameters["b"] = try tensor(graph[b].type.shape)
    let feed = try tensor(graph[x].type.shape)
    let plan = try Plan(graph, feeds: [x], fetches: [y], backend: backend)
    let execution = Execution(control)
    var least = Double.infinity
    execution.onKernel = { if $0.layer.hasPrefix("convolution") { least = min(least, $0.seconds) } }
    var results: [ValueID: Tensor] = [:]
    try execution.run(plan, feeds: [x: feed], parameters: parameters, results: &results)
    least = .infinity
    for _ in 0..<runs {
      try execution.run(plan, feeds: [x: feed], parameters: parameters, results: &results)
    }
    return least
  }
}
