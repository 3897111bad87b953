// swift-tools-version: 6.2
import PackageDescription

// One static Swift runtime inside each shared object, so that a C program needs no Swift on its machine.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v5),
  .unsafeFlags(["-static-stdlib"]),
]

/// Kernels need fused multiply-add and must be optimised in debug builds too: an unoptimised one is 100 times slower.
let kernelSettings: [SwiftSetting] = swiftSettings + [.unsafeFlags(["-Ounchecked"])]

/// The reference kernels are optimised too, as one module so that generics are specialised, but keep their checks.
let referenceSettings: [SwiftSetting] =
  swiftSettings + [.unsafeFlags(["-O", "-disable-batch-mode", "-whole-module-optimization", "-num-threads", "2"])]

/// The `cpu` plugin is built once for each level of x86-64 from the same sources; elsewhere one build serves.
/// `FUSED_MULTIPLY_ADD` is set where the processor has that instruction: without it the function is a slow library call.
func levelSettings(_ level: Int) -> [SwiftSetting] {
  #if arch(x86_64)
    let target: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v\(level)"])]
  #else
    let target: [SwiftSetting] = []
  #endif
  let fused = level > 2 ? [SwiftSetting.define("FUSED_MULTIPLY_ADD")] : []
  return kernelSettings + target + fused + [
    .define("X86_64_V\(level)"),
    .unsafeFlags(["-disable-batch-mode", "-whole-module-optimization", "-num-threads", "2"]),
  ]
}

/// The kernels of one level, and the plugin around them, whose own code runs on every processor.
func cpuTargets(_ level: Int) -> [Target] {
  [
    .target(
      name: "CPUKernelsV\(level)", dependencies: ["CDecoupled", "CProcessor", "DecoupledBackendKit"],
      path: "Sources/Backends/CPU/v\(level)", swiftSettings: levelSettings(level)),
    .target(
      name: "CPUBackendV\(level)",
      dependencies: ["CDecoupled", "CProcessor", "DecoupledBackendKit", .byName(name: "CPUKernelsV\(level)")],
      path: "Sources/Backends/CPU/plugin-v\(level)", swiftSettings: kernelSettings,
      linkerSettings: sharedObject(
        versionScript: "Sources/Backends/OpenBLAS/plugin.map", soname: "libdecoupled-backend-cpu-v\(level).so")),
  ]
}

/// Only the symbols of the version script leave a shared object; each listed symbol must exist.
func sharedObject(versionScript: String, soname: String) -> [LinkerSetting] {
  [
    .unsafeFlags([
      "-static-stdlib", "-use-ld=lld",
      "-Xlinker", "--version-script=\(Context.packageDirectory)/\(versionScript)",
      "-Xlinker", "--no-undefined-version",
      "-Xlinker", "-soname=\(soname)",
      "-Xlinker", "-z", "-Xlinker", "nodelete",
      "-Xlinker", "-z", "-Xlinker", "now",
    ])
  ]
}

/// Fuzz targets are built only where they are asked for: they need libFuzzer's entry point instead of a main function.
let fuzzTargets: [Target] =
  Context.environment["DECOUPLED_FUZZ"] == nil
  ? []
  : [
    fuzzTarget(
      "FormatFuzzer",
      dependencies: [
        "DecoupledBase", "DecoupledCore", "DecoupledNetworks", "DecoupledProposals", "DecoupledVision", "Yams",
      ]),
    fuzzTarget("DatasetFuzzer", dependencies: ["CZlib", "DecoupledBase", "DecoupledVision"]),
  ]

func fuzzTarget(_ name: String, dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Tests/fuzz/\(name)",
    swiftSettings: swiftSettings + [.unsafeFlags(["-parse-as-library"])],
    linkerSettings: [.unsafeFlags(["-static-stdlib", "-use-ld=lld"])])
}

let package = Package(
  name: "decoupled",
  products: [
    .library(name: "decoupled", type: .dynamic, targets: ["DecoupledABI"]),
    .library(name: "decoupled-backend-openblas", type: .dynamic, targets: ["OpenBLASBackend"]),
    .library(name: "decoupled-backend-cpu-v2", type: .dynamic, targets: ["CPUBackendV2"]),
    .library(name: "decoupled-backend-cpu-v3", type: .dynamic, targets: ["CPUBackendV3"]),
    .library(name: "decoupled-backend-cpu-v4", type: .dynamic, targets: ["CPUBackendV4"]),
    .library(name: "decoupled-backend-foreign", type: .dynamic, targets: ["ForeignBackend"]),
    .executable(name: "decoupled-command", targets: ["DecoupledCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .target(name: "CDecoupled", path: "Include", publicHeadersPath: "."),
    .target(name: "CProcessor"),
    .target(name: "CSystem"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CFFI", providers: [.apt(["libffi-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),

    .target(
      name: "DecoupledBackendKit", dependencies: ["CDecoupled", "CSystem"], exclude: ["Operators/generate.py"],
      swiftSettings: kernelSettings),
    .target(
      name: "DecoupledReference", dependencies: ["CDecoupled", "DecoupledBackendKit"],
      path: "Sources/Backends/Reference",
      swiftSettings: referenceSettings),
    // FoundationEssentials is here for JSON. Plugins do not link this module; all who do read JSON anyway.
    .target(name: "DecoupledBase", dependencies: ["CZlib"], swiftSettings: referenceSettings),
    .target(
      name: "DecoupledCore",
      dependencies: ["CDecoupled", "CSystem", "DecoupledBackendKit", "DecoupledBase", "DecoupledReference"],
      swiftSettings: swiftSettings),
    .target(
      name: "DecoupledConformance",
      dependencies: ["CDecoupled", "CSystem", "DecoupledBackendKit", "DecoupledBase", "DecoupledCore"],
      swiftSettings: referenceSettings),
    .target(
      name: "DecoupledVision", dependencies: ["CPNG", "CTurboJPEG", "DecoupledBase"], swiftSettings: referenceSettings),
    .target(
      name: "DecoupledProposals", dependencies: ["DecoupledBase", "DecoupledCore", "DecoupledVision"],
      swiftSettings: referenceSettings),
    .target(
      name: "DecoupledNetworks",
      dependencies: ["DecoupledBase", "DecoupledCore", "DecoupledVision"],
      swiftSettings: swiftSettings),
    // libffi is linked statically: a program that uses the library needs none on its machine.
    .target(
      name: "DecoupledInstrument",
      dependencies: ["CDecoupled", "CFFI", "CSystem", "DecoupledBackendKit", "DecoupledBase", "DecoupledCore"],
      exclude: ["generate.py"], swiftSettings: referenceSettings, linkerSettings: [.linkedLibrary(":libffi_pic.a")]),
    .target(
      name: "DecoupledABI",
      dependencies: ["CDecoupled", "DecoupledBase", "DecoupledInstrument", "DecoupledNetworks", "DecoupledProposals"],
      exclude: ["exports.map"],
      swiftSettings: swiftSettings,
      linkerSettings: sharedObject(versionScript: "Sources/DecoupledABI/exports.map", soname: "libdecoupled.so.1")),
    .executableTarget(
      name: "DecoupledCommand",
      dependencies: [
        "DecoupledBase", "DecoupledConformance", "DecoupledInstrument", "DecoupledNetworks",
        "DecoupledProposals", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings, linkerSettings: [.unsafeFlags(["-static-stdlib", "-use-ld=lld"])]),
    .target(
      name: "OpenBLASBackend", dependencies: ["CDecoupled", "COpenBLAS", "DecoupledBackendKit"],
      path: "Sources/Backends/OpenBLAS",
      exclude: ["plugin.map"], swiftSettings: kernelSettings,
      linkerSettings: sharedObject(
        versionScript: "Sources/Backends/OpenBLAS/plugin.map", soname: "libdecoupled-backend-openblas.so")),
    .target(name: "CForeign"),
    .target(
      name: "ForeignBackend",
      dependencies: ["CDecoupled", "CFFI", "CForeign", "CSystem", "DecoupledBackendKit"],
      path: "Sources/Backends/Foreign", exclude: ["Manifests"], swiftSettings: kernelSettings,
      linkerSettings: sharedObject(
        versionScript: "Sources/Backends/OpenBLAS/plugin.map", soname: "libdecoupled-backend-foreign.so")
        + [.linkedLibrary(":libffi_pic.a")]),
    // Optimised, because random networks are compared value by value.
    .testTarget(
      name: "DecoupledCoreTests", dependencies: ["DecoupledBase", "DecoupledCore"],
      swiftSettings: [.swiftLanguageMode(.v5), .unsafeFlags(["-O"])]),
    .testTarget(
      name: "DecoupledReferenceTests", dependencies: ["CDecoupled", "DecoupledReference"],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledConformanceTests",
      dependencies: ["DecoupledBase", "DecoupledBackendKit", "DecoupledConformance"],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledInstrumentTests", dependencies: ["DecoupledBase", "DecoupledCore", "DecoupledInstrument"],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledVisionTests", dependencies: ["CZlib", "DecoupledBase", "DecoupledVision"], exclude: ["Fixtures"],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledNetworksTests",
      dependencies: [
        "DecoupledBase", "DecoupledCore", "DecoupledNetworks", "DecoupledProposals", "DecoupledVision", "Yams",
      ],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledBaseTests", dependencies: ["DecoupledBase"], swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(
      name: "DecoupledProposalsTests",
      dependencies: ["DecoupledBase", "DecoupledCore", "DecoupledProposals", "DecoupledVision"], exclude: ["Fixtures"],
      swiftSettings: [.swiftLanguageMode(.v5)]),
  ] + cpuTargets(2) + cpuTargets(3) + cpuTargets(4) + fuzzTargets
)
