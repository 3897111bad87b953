/* The functions of decoupled.h, one function here for each section of the header; included by calls.c. */

static void general(void) {
  static size_t heard;
  dcn_backends *backends = NULL;
  dcn_backend_info info = DCN_BACKEND_INFO_INIT;
  info.struct_size = size_of(sizeof info);
  switch (byte() % 8) {
    case 0: heard += strlen(dcn_status_name(number())) + (size_t)dcn_version() + strlen(dcn_version_string()); break;
    case 1: heard += strlen(dcn_last_error()); break;
    case 2: dcn_set_log_callback(byte() < 128 ? on_log : NULL, &heard); break;
    case 3: if (dcn_thread_count(number()) < 1) abort(); break;
    case 4:
      dcn_backends_find(&backends);
      keep(BACKENDS, backends);
      break;
    case 5: dcn_backends_info(pick(BACKENDS), dcn_backends_count(pick(BACKENDS)) - 1 + (int32_t)(byte() % 2), &info); break;
    case 6:
      dcn_backends_failure_count(pick(BACKENDS));
      dcn_backends_failure_path(pick(BACKENDS), number());
      dcn_backends_failure_message(pick(BACKENDS), number());
      break;
    default: {
      int kind = (int)(byte() % KINDS), slot = (int)(byte() % SLOTS);
      /* Freed here, and once more where the slot is used again. */
      release(kind, handles[kind][slot]);
      break;
    }
  }
}

static void images(void) {
  dcn_image image = DCN_IMAGE_INIT;
  image.struct_size = size_of(sizeof image);
  switch (byte() % 6) {
    case 0:
      if (image.struct_size <= sizeof image) dcn_image_load(path(), &image);
      image.struct_size = sizeof image;
      dcn_image_free(&image);
      break;
    case 1:
      dcn_label_map_load(path(), &image);
      dcn_image_free(&image);
      image.struct_size = sizeof image;
      dcn_image_free(&image);
      break;
    case 2: image = an_image(); dcn_image_save(&image, path()); break;
    case 3: dcn_label_map_save(memory, byte() < 240 ? (int32_t)(byte() % 64) : -1, byte() < 240 ? (int32_t)(byte() % 64) : 0, path()); break;
    case 4: image = an_image(); dcn_overlay_save(&image, memory, real(), path()); break;
    default: dcn_label_color(number()); break;
  }
}

static void models(void) {
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  dcn_model *model = pick(MODEL);
  info.struct_size = size_of(sizeof info);
  switch (byte() % 8) {
    case 0: dcn_model_save(model, in_folder("other.safetensors")); break;
    case 1:
      dcn_model_class_name(model, dcn_model_class_count(model) - (int32_t)(byte() % 2));
      dcn_model_phase_name(model, dcn_model_phase_count(model) - (int32_t)(byte() % 3));
      dcn_model_family(model);
      break;
    case 2: dcn_model_class_index(model, text()); break;
    case 3: if (dcn_model_input_size(model) > 0 && dcn_model_parts(model) >= 0) dcn_model_description(model); break;
    case 4: dcn_model_parameter_info(model, (int32_t)(byte() % 64) % (dcn_model_parameter_count(model) + 2), &info); break;
    case 5:
      if (!dcn_model_parameter_find(model, text(), &info))
        dcn_model_copy_parameter(model, info.name, values, count_for(&info, 1));
      break;
    case 6:
      info.struct_size = sizeof info;
      if (!dcn_model_parameter_info(model, (int32_t)(byte() % 30), &info))
        dcn_model_set_parameter(model, info.name, values, count_for(&info, 1));
      break;
    default: a_model(); break;
  }
}

static void sessions(void) {
  dcn_session_options options = session_options();
  dcn_session *session = NULL;
  dcn_result *result = NULL, *several[2] = {NULL, NULL};
  dcn_label_set sets[2] = {DCN_LABEL_SET_INIT, DCN_LABEL_SET_INIT};
  int32_t classes[3] = {number(), number(), 1}, i;
  dcn_image pair[2];
  dcn_backend_info info = DCN_BACKEND_INFO_INIT;
  switch (byte() % 7) {
    case 0:
    case 1:
      /* Not plain sizes of structs: the fields behind them are not there. */
      dcn_session_create(pick(MODEL), byte() < 200 ? &options : NULL, &session);
      keep(SESSION, session);
      break;
    case 2: dcn_session_backend(pick(SESSION), &info); break;
    case 3:
      pair[0] = an_image();
      dcn_session_predict(pick(SESSION), byte() < 250 ? &pair[0] : NULL, &result);
      keep(RESULT, result);
      break;
    case 4:
      for (i = 0; i < 2; i++) {
        pair[i] = an_image();
        pair[i].struct_size = sets[i].struct_size = 0;
        pair[i].struct_size = sizeof pair[i];
        sets[i].struct_size = byte() < 250 ? sizeof sets[i] : 3;
        sets[i].count = byte() < 240 ? (int32_t)(byte() % 4) - 1 : -5;
        sets[i].classes = byte() < 250 ? classes : NULL;
      }
      if (!dcn_session_predict_batch(pick(SESSION), pair, (int32_t)(byte() % 3), byte() < 200 ? sets : NULL, several))
        for (i = 0; i < 2; i++) keep(RESULT, several[i]);
      break;
    case 5:
      pair[0] = an_image();
      pair[0].struct_size = sizeof pair[0];
      pair[1] = pair[0];
      dcn_session_classify(pick(SESSION), pair, (int32_t)(byte() % 3), values, byte() < 200 ? (int64_t)(byte() % 8) : -1);
      break;
    default: dcn_session_cancel(pick(SESSION)); break;
  }
}

static void results(void) {
  int32_t a, b, c, position = number(), count = 0;
  const dcn_result *result = pick(RESULT);
  const float *scores = dcn_result_scores(result, &count);
  const uint8_t *labels = dcn_result_label_map(result, &a, &b);
  /* What is handed out must be as large as it says. */
  if (labels && (labels[0] | labels[(size_t)a * (size_t)b - 1]) == 255) abort();
  if (scores && count > 0 && scores[count - 1] > 1) abort();
  if (byte() % 2) dcn_result_scores(result, NULL);
  dcn_result_classes(result, &count);
  scores = dcn_result_foreground_map(result, position, &a, &b);
  if (scores && scores[(size_t)a * (size_t)b - 1] > 1.5f) abort();
  scores = dcn_result_activation_map(result, position, &a, &b, &c);
  if (scores && scores[(size_t)a * (size_t)b * (size_t)c - 1] == 12345.678f) abort();
}

static void inspect(void) {
  dcn_inspector *inspector = NULL;
  dcn_session_options options = session_options();
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  const char *names[3] = {text(), text(), text()};
  switch (byte() % 8) {
    case 0:
    case 1:
      if (byte() < 40)
        dcn_inspector_create_form(pick(MODEL), byte() < 200 ? "segmentation_loss" : text(), 1, number(), &options,
                                  &inspector);
      else
        dcn_inspector_create(pick(MODEL), byte() < 250 ? (int32_t)(byte() % 3) : number(), byte() < 250 ? 1 : number(),
                           byte() < 250 ? 1 + (int32_t)(byte() % 2) : number(), &options, &inspector);
      keep(INSPECTOR, inspector);
      break;
    case 2: dcn_inspector_value_info(pick(INSPECTOR), (int32_t)word() % (dcn_inspector_value_count(pick(INSPECTOR)) + 2), &info); break;
    case 3:
    case 4:
      inspector = pick(INSPECTOR);
      if (!dcn_inspector_value_find(inspector, names[0], &info))
        dcn_inspector_set(inspector, info.name, values, count_for(&info, byte() % 2 ? 4 : 8));
      break;
    case 5: dcn_inspector_run(pick(INSPECTOR), names, byte() < 240 ? (int32_t)(byte() % 4) : -1); break;
    case 6:
      inspector = pick(INSPECTOR);
      if (!dcn_inspector_value_find(inspector, names[0], &info))
        dcn_inspector_copy(inspector, info.name, values, count_for(&info, 4));
      break;
    default: dcn_inspector_unset(pick(INSPECTOR), names[0]); dcn_inspector_cancel(pick(INSPECTOR)); break;
  }
}

static void step(void) {
  dcn_step_options options = DCN_STEP_OPTIONS_INIT;
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  dcn_step *made = NULL;
  double loss;
  switch (byte() % 9) {
    case 0:
    case 1:
      options.struct_size = size_of(sizeof options);
      options.threads = 1;
      options.backend = "reference";
      options.multipliers = byte() < 200 ? NULL : text();
      options.momentum = byte() < 200 ? 0.9 : real();
      options.weight_decay = byte() < 200 ? 5e-4 : real();
      options.dropout = (int32_t)(byte() % 2);
      if (byte() < 40)
        dcn_step_create_phase(pick(MODEL), byte() < 200 ? "classification" : text(), 1, &options, &made);
      else
        dcn_step_create(pick(MODEL), byte() < 250 ? 1 + (int32_t)(byte() % 2) : number(), byte() < 250 ? 1 : number(), &options, &made);
      keep(STEP, made);
      break;
    case 2:
    case 3: dcn_step_compute(pick(STEP), values, byte() < 240 ? values : NULL, byte() < 128 ? (const int32_t *)(const void *)memory : NULL, &loss); break;
    case 4: dcn_step_apply(pick(STEP), real()); break;
    case 5: dcn_step_parameter_info(pick(STEP), (int32_t)byte() % (dcn_step_parameter_count(pick(STEP)) + 2), &info); break;
    case 6:
      made = pick(STEP);
      if (!dcn_step_parameter_info(made, (int32_t)(byte() % 8), &info)) {
        dcn_step_copy_gradient(made, info.name, values, count_for(&info, 1));
        dcn_step_copy_momentum(made, info.name, values, count_for(&info, 1));
      }
      break;
    case 7:
      made = pick(STEP);
      if (!dcn_step_layer_info(made, (int32_t)byte() % (dcn_step_layer_count(made) + 2), &info))
        dcn_step_copy_statistics(made, info.name, values, values + 4096, byte() < 200 ? info.element_count : 3);
      break;
    default: dcn_step_cancel(pick(STEP)); break;
  }
}

static void datasets(void) {
  dcn_dataset_options options = DCN_DATASET_OPTIONS_INIT;
  dcn_dataset *dataset = NULL;
  dcn_report *report = NULL;
  dcn_item item = DCN_ITEM_INIT;
  uint32_t choice = byte();
  switch (byte() % 6) {
    case 0:
    case 1:
      options.struct_size = size_of(sizeof options);
      options.labels_from_masks = (int32_t)(byte() % 2);
      options.set = byte() < 200 ? NULL : text();
      options.strong = byte() < 200 ? NULL : text();
      options.mask_folder = byte() < 200 ? NULL : text();
      options.kind = byte() < 200 ? NULL : text();
      options.list = byte() < 230 ? NULL : path();
      options.extra_masks = byte() < 230 ? NULL : path();
      options.ignored_ids = byte() < 200 ? memory : NULL;
      options.ignored_id_count = byte() < 240 ? 0 : number();
      options.reduce_zero = (int32_t)(byte() % 2);
      options.overlap = byte() < 230 ? NULL : text();
      options.crowd = byte() < 230 ? NULL : text();
      dcn_dataset_open(byte() < 200 ? in_folder("data") : path(), byte() < 200 ? &options : NULL, &dataset);
      keep(DATASET, dataset);
      break;
    case 2: dcn_dataset_item(pick(DATASET), number(), &item); break;
    case 3:
      dataset = pick(DATASET);
      if (dcn_dataset_item_count(dataset) < dcn_dataset_strong_count(dataset)) abort();
      dcn_dataset_labelled_count(dataset);
      dcn_dataset_class_name(dataset, dcn_dataset_class_count(dataset) - (int32_t)(byte() % 2));
      break;
    case 4:
      dcn_dataset_check(pick(DATASET), byte() < 128 ? on_count : NULL, &choice, &report);
      keep(REPORT, report);
      break;
    default:
      dcn_report_json(pick(REPORT));
      dcn_report_text(pick(REPORT));
      dcn_report_number(pick(REPORT), text());
      break;
  }
}

static void dataset_files(void) {
  static const char *const names[2] = {"square", "disc"};
  dcn_evaluation *evaluation = NULL;
  dcn_report *report = NULL;
  dcn_image labels = DCN_IMAGE_INIT;
  int64_t count;
  uint32_t choice = byte();
  dcn_count_callback told = byte() < 128 ? on_count : NULL;
  switch (byte() % 10) {
    case 0:
      if (!dcn_dataset_item_mask(pick(DATASET), number(), &labels) && !labels.pixels) abort();
      dcn_image_free(&labels);
      break;
    case 1: dcn_dataset_check_folder(byte() < 200 ? in_folder("data") : path(), NULL, told, &choice, &report); break;
    case 2: dcn_dataset_statistics(pick(DATASET), told, &choice, &report); break;
    case 3: dcn_dataset_split(pick(DATASET), number(), byte(), in_folder("strong.txt")); break;
    case 4: dcn_dataset_write_voc(pick(DATASET), text(), in_folder("tree"), told, &choice); break;
    case 5:
      dcn_dataset_write_crops(pick(DATASET), byte() < 200 ? "{\"windows_per_subset\": 2}" : text(), byte(),
                              byte() < 200 ? in_folder("data") : path(), in_folder("list.txt"), told, &choice, &count);
      break;
    case 6: dcn_dataset_evaluate(pick(DATASET), byte() < 200 ? in_folder("data/masks") : path(), told, &choice, &report); break;
    case 7:
      dcn_evaluation_create(names, byte() < 240 ? 2 : (int32_t)(byte() % 3), &evaluation);
      keep(EVALUATION, evaluation);
      break;
    case 8:
      dcn_evaluation_add(pick(EVALUATION), memory, memory + 1, byte() < 240 ? (int32_t)(byte() % 64) : number() % 512,
                         byte() < 240 ? (int32_t)(byte() % 64) : number() % 512);
      break;
    default: dcn_evaluation_report(pick(EVALUATION), &report); break;
  }
  keep(REPORT, report);
}

static void train(void) {
  dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
  dcn_trainer *trainer = NULL;
  dcn_report *report = NULL;
  uint32_t choice = byte();
  switch (byte() % 6) {
    case 0:
    case 1:
      options.struct_size = size_of(sizeof options);
      options.threads = 1;
      options.backend = "reference";
      options.settings = byte() < 200 ? "{\"solver\": {\"maximum_iterations\": 2, \"batch_size\": 1}}" : text();
      options.run_directory = byte() < 200 ? NULL : in_folder("run");
      options.existing_run = byte() < 240 ? (int32_t)(byte() % 3) : number();
      options.checkpoint_every = number();
      options.evaluate_every = number();
      options.record_every = number();
      options.whole_images = (int32_t)(byte() % 2);
      if (byte() < 40)
        dcn_trainer_create_phase(pick(MODEL), byte() < 200 ? "segmentation" : text(), pick(DATASET), NULL, &options, &trainer);
      else
        dcn_trainer_create(pick(MODEL), byte() < 250 ? 1 + (int32_t)(byte() % 2) : number(), pick(DATASET),
                         byte() < 200 ? NULL : pick(DATASET), &options, &trainer);
      keep(TRAINER, trainer);
      break;
    case 2:
    case 3:
      trainer = pick(TRAINER);
      dcn_trainer_run(trainer, on_progress, &trainer);
      dcn_trainer_iteration(trainer);
      break;
    case 4: dcn_trainer_cancel(pick(TRAINER)); break;
    default:
      dcn_session_evaluate(pick(SESSION), pick(DATASET), (int32_t)(byte() % 2), byte() < 128 ? on_count : NULL, &choice, &report);
      keep(REPORT, report);
      break;
  }
}
