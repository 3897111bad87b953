// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V4
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 9540, 6846, 20417
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 4045, 3420, 9435
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 6605, 5543, 17853
      ConvolutionShape(128, 256, 80, 80): .winograd4,  // 3788, 3614, 8374
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 6943, 5566, 16014
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 2514, 2286, 8316
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 4837, 4677, 16533
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 1351, 1927, 4096
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 2597, 2458, 8345
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 3614, 3256, 8250
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 3308, 2873, 9014
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 3606, 3097, 8715
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 1379, 1226, 4031
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 2621, 2220, 8112
      ConvolutionShape(128, 256, 56, 56): .winograd6,  // 1373, 1245, 3948
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 2616, 2470, 7815
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 1290, 1396, 4179
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 2455, 2748, 8381
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 930, 1237, 1980
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 1219, 1373, 4190
      ConvolutionShape(256, 128, 56, 56): .winograd6,  // 1352, 1243, 3978
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 1304, 1086, 5022
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 1587, 1330, 4364
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 641, 586, 2031
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 1156, 1093, 3996
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 601, 527, 2038
      ConvolutionShape(256, 256, 40, 40): .winograd4,  // 1173, 1166, 4071
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 687, 892, 2022
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 638, 1132, 1031
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 652, 836, 2088
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 633, 566, 2053
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 647, 601, 2039
      ConvolutionShape(24, 48, 48, 48): .winograd6,  // 92, 83, 183
      ConvolutionShape(48, 64, 24, 24): .winograd4,  // 67, 73, 166
      ConvolutionShape(64, 96, 12, 12): .winograd6,  // 68, 36, 71
      ConvolutionShape(96, 128, 6, 6): .winograd4,  // 36, 41, 39
      ConvolutionShape(128, 96, 6, 6): .winograd4,  // 34, 42, 44
      ConvolutionShape(96, 64, 12, 12): .winograd6,  // 78, 34, 110
      ConvolutionShape(64, 48, 24, 24): .winograd4,  // 63, 68, 161
      ConvolutionShape(48, 24, 48, 48): .winograd4,  // 81, 106, 185
      ConvolutionShape(24, 24, 96, 96): .winograd4,  // 179, 171, 380
      ConvolutionShape(16, 16, 8, 8): .direct,  // 31, 34, 4
    ]
  }
#endif
