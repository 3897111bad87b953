/* Calls of proposals, edges and their training, and of weights in and out. Part of calls.c. */

static void proposals(void) {
  dcn_proposer_options options = DCN_PROPOSER_OPTIONS_INIT;
  dcn_proposer *proposer = NULL;
  dcn_image image;
  dcn_box boxes[16];
  int32_t count = 0, width, height;
  switch (byte() % 5) {
    case 0:
    case 1:
      options.struct_size = size_of(sizeof options);
      options.forest = byte() < 220 ? NULL : path();
      if (byte() < 128) options.max_boxes = number();
      if (byte() < 128) options.alpha = real();
      if (byte() < 128) options.beta = real();
      if (byte() < 128) options.eta = real();
      if (byte() < 128) options.min_score = real();
      if (byte() < 128) options.max_aspect_ratio = real();
      if (byte() < 128) options.min_box_area = real();
      dcn_proposer_create(byte() < 220 ? &options : NULL, &proposer);
      keep(PROPOSER, proposer);
      break;
    case 2:
      image = an_image();
      dcn_proposer_run(pick(PROPOSER), &image, byte() < 220 ? boxes : NULL, (int32_t)(byte() % 17), &count);
      break;
    case 3:
      image = an_image();
      dcn_proposer_detector(pick(PROPOSER));
      dcn_proposer_edges(pick(PROPOSER), &image, (int32_t)(byte() % 2), values, byte() < 200 ? values + 65536 : NULL,
                         byte() < 200 && image.width > 0 && image.width < 40 && image.height > 0 && image.height < 40
                             ? image.width * image.height
                             : (int64_t)byte());
      break;
    default:
      width = (int32_t)(byte() % 64), height = (int32_t)(byte() % 64);
      dcn_proposer_run_edges(pick(PROPOSER), values, values + 65536, byte() < 240 ? width : -width, height, boxes,
                             (int32_t)(byte() % 17), &count);
      break;
  }
}

static void forests(void) {
  dcn_forest_options options = DCN_FOREST_OPTIONS_INIT;
  uint32_t choice = byte();
  options.struct_size = size_of(sizeof options);
  options.threads = 1 + (int32_t)(byte() % 2);
  options.trees = (int32_t)(byte() % 3);
  options.samples = (int32_t)(byte() % 40);
  options.existing_run = (int32_t)(byte() % 4);
  dcn_forest_train(pick(DATASET), &options, path(), on_count, &choice);
}

static void weight_files(void) {
  dcn_import_options options = DCN_IMPORT_OPTIONS_INIT;
  dcn_report *report = NULL;
  if (byte() < 128) {
    dcn_model_export(pick(MODEL), byte() < 200 ? (int32_t)(byte() % 6) : number(), number(), path());
    return;
  }
  options.struct_size = size_of(sizeof options);
  options.half = (int32_t)(byte() % 2);
  options.description = byte() < 128 ? NULL : text();
  options.fill = (int32_t)(byte() % 4);
  options.preprocessing = byte() < 128 ? "caffe" : text();
  options.mean = byte() < 200 ? NULL : path();
  options.skip = byte() < 200 ? NULL : text();
  dcn_import(path(), byte() < 220 ? &options : NULL, in_folder("imported.safetensors"), byte() < 200 ? &report : NULL);
  keep(REPORT, report);
}
